/** A quarter of an hour in places of five seconds: more is not seen in so small a chart. */
export const step = 5000
export const places = 180
