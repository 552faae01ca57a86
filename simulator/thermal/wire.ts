/** Topic of the encrypted readings, as the first thermal pipelines used it. */
export const RAW_TOPIC = "dc/temperature/raw_encrypted";
/** Topic on which hvac-control's encrypted commands come back to the plant. */
export const COMMAND_TOPIC = "dc/hvac/command_encrypted";

/** Device id, user name and client id of a rack's sensor. */
export function rackName(index: number): string {
  return `rack-${index + 1}`;
}
