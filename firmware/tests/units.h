/** The unit tests, by file. */
#ifndef REDOUBT_UNITS_H
#define REDOUBT_UNITS_H

void hkdf_tests(void);
void envelope_tests(void);
void counters_tests(void);
void json_tests(void);
void reading_tests(void);
void command_tests(void);
void provisioning_tests(void);
void device_tests(void);
void device_command_tests(void);
void text_tests(void);
/** Only where there are files and processes. */
void file_storage_tests(void);
void power_cut_tests(void);

#endif
