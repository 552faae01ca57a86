#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <poll.h>

#include <cstring>
#include <string>

#include "WiFiClientSecure.h"

namespace {

constexpr size_t READ_AHEAD = 4096;
constexpr int SILENCE_MS = 10000;

}  // namespace

struct WiFiClientSecure::Session {
  mbedtls_net_context socket;
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_x509_crt authority;
  mbedtls_ssl_config config;
  mbedtls_ssl_context tls;
  std::string authorityPem;
  uint8_t ahead[READ_AHEAD] = {};
  size_t next = 0;
  size_t end = 0;
  bool isOpen = false;

  Session() {
    mbedtls_net_init(&socket);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_x509_crt_init(&authority);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_init(&tls);
  }

  ~Session() {
    mbedtls_ssl_free(&tls);
    mbedtls_ssl_config_free(&config);
    mbedtls_x509_crt_free(&authority);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
    mbedtls_net_free(&socket);
  }

  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  bool prepare(const char *host) {
    const auto *pem = reinterpret_cast<const uint8_t *>(authorityPem.c_str());
    if (mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, nullptr, 0) != 0 ||
        mbedtls_x509_crt_parse(&authority, pem, authorityPem.size() + 1) != 0 ||
        mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
      return false;
    }
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config, &authority, nullptr);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
    return mbedtls_ssl_setup(&tls, &config) == 0 && mbedtls_ssl_set_hostname(&tls, host) == 0;
  }

  bool wait(short events) {
    pollfd waiting = {socket.fd, events, 0};
    return poll(&waiting, 1, SILENCE_MS) > 0;
  }

  bool shakeHands() {
    mbedtls_ssl_set_bio(&tls, &socket, mbedtls_net_send, mbedtls_net_recv, nullptr);
    int answer = 0;
    while ((answer = mbedtls_ssl_handshake(&tls)) != 0) {
      const short events = answer == MBEDTLS_ERR_SSL_WANT_WRITE ? POLLOUT : POLLIN;
      if (answer != MBEDTLS_ERR_SSL_WANT_READ && answer != MBEDTLS_ERR_SSL_WANT_WRITE) return false;
      if (!wait(events)) return false;
    }
    return true;
  }

  void fill() {
    if (!isOpen || next < end) return;
    const int length = mbedtls_ssl_read(&tls, ahead, sizeof ahead);
    next = 0;
    end = length > 0 ? static_cast<size_t>(length) : 0;
    if (length <= 0 && length != MBEDTLS_ERR_SSL_WANT_READ && length != MBEDTLS_ERR_SSL_WANT_WRITE) isOpen = false;
  }
};

WiFiClientSecure::WiFiClientSecure() : session_(new Session) {}

WiFiClientSecure::~WiFiClientSecure() = default;

void WiFiClientSecure::setCACert(const char *pem) { session_->authorityPem = pem; }

int WiFiClientSecure::connect(const char *host, uint16_t port) {
  Session &session = *session_;
  const std::string text = std::to_string(port);
  session.isOpen = session.prepare(host) &&
                   mbedtls_net_connect(&session.socket, host, text.c_str(), MBEDTLS_NET_PROTO_TCP) == 0 &&
                   mbedtls_net_set_nonblock(&session.socket) == 0 && session.shakeHands();
  return session.isOpen ? 1 : 0;
}

size_t WiFiClientSecure::write(const uint8_t *bytes, size_t length) {
  size_t written = 0;
  while (session_->isOpen && written < length) {
    const int some = mbedtls_ssl_write(&session_->tls, bytes + written, length - written);
    if (some > 0) written += static_cast<size_t>(some);
    else if (some != MBEDTLS_ERR_SSL_WANT_WRITE || !session_->wait(POLLOUT)) break;
  }
  return written;
}

int WiFiClientSecure::available() {
  session_->fill();
  return static_cast<int>(session_->end - session_->next);
}

int WiFiClientSecure::read(uint8_t *buffer, size_t length) {
  const size_t ready = static_cast<size_t>(available());
  if (ready == 0) return -1;
  const size_t taken = ready < length ? ready : length;
  memcpy(buffer, session_->ahead + session_->next, taken);
  session_->next += taken;
  return static_cast<int>(taken);
}

uint8_t WiFiClientSecure::connected() { return session_->isOpen || session_->next < session_->end ? 1 : 0; }

void WiFiClientSecure::stop() {
  if (session_->isOpen) mbedtls_ssl_close_notify(&session_->tls);
  session_->isOpen = false;
  mbedtls_net_free(&session_->socket);
}
