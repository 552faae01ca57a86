#include "check.h"
#include "redoubt/crypto_port.h"
#include "units.h"

int main(void) {
  if (redoubt_crypto_start() != REDOUBT_OK) return 2;
  text_tests();
  hkdf_tests();
  envelope_tests();
  counters_tests();
  json_tests();
  reading_tests();
  command_tests();
  provisioning_tests();
  device_tests();
  device_command_tests();
#ifdef REDOUBT_ON_HOST
  file_storage_tests();
  power_cut_tests();
#endif
  return check_result();
}
