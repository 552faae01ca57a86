/** Lets the crypto port fail (linked with --wrap): a device must not send what was not sealed. */
#ifndef REDOUBT_CRYPTO_FAULTS_H
#define REDOUBT_CRYPTO_FAULTS_H

/** The call from this one on fails, counted from 1; 0: none does. Counts again from here on. */
void crypto_fails_at(unsigned call);

#endif
