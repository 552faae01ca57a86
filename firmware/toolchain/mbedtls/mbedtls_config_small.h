/** Mbed TLS with AES-128-GCM and HMAC-SHA-256, and nothing else. */
#ifndef REDOUBT_MBEDTLS_CONFIG_SMALL_H
#define REDOUBT_MBEDTLS_CONFIG_SMALL_H

#define MBEDTLS_AES_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_GCM_C
#define MBEDTLS_MD_C
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA224_C

/* Tables in the flash instead of the RAM, and one of four: small before fast. */
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES

#endif
