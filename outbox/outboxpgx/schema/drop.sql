-- The triggers go with their functions.
DROP SCHEMA IF EXISTS speedlayer CASCADE;
