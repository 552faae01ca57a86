#include "WebServer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "board.h"

namespace {

constexpr size_t LONGEST_REQUEST = 16384;
constexpr int PATIENCE_MS = 1000;

/** application/x-www-form-urlencoded. */
std::string decoded(const std::string &text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

size_t bodyLength(const std::string &head) {
  const size_t at = head.find("ontent-");
  for (size_t from = at; from != std::string::npos; from = head.find("ontent-", from + 1)) {
    if (head.compare(from, 8, "ontent-L") == 0 || head.compare(from, 8, "ontent-l") == 0) {
      return strtoul(head.c_str() + head.find(':', from) + 1, nullptr, 10);
    }
  }
  return 0;
}

bool isComplete(const std::string &request) {
  const size_t end = request.find("\r\n\r\n");
  return end != std::string::npos && request.size() >= end + 4 + bodyLength(request.substr(0, end));
}

}  // namespace

WebServer::WebServer(int) {}

WebServer::~WebServer() { stop(); }

void WebServer::begin() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int isOn = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &isOn, sizeof isOn);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(board::portalPort()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 || listen(listener_, 4) != 0) stop();
}

void WebServer::stop() {
  if (listener_ >= 0) close(listener_);
  listener_ = -1;
}

void WebServer::on(const char *path, HTTPMethod, std::function<void()> handler) { handlers_[path] = handler; }

void WebServer::onNotFound(std::function<void()> handler) { otherwise_ = handler; }

bool WebServer::hasArg(const char *name) const { return arguments_.count(name) > 0; }

String WebServer::arg(const char *name) const {
  const auto found = arguments_.find(name);
  return found == arguments_.end() ? String() : String(found->second);
}

void WebServer::sendHeader(const char *name, const char *value) {
  headers_ += std::string(name) + ": " + value + "\r\n";
}

void WebServer::send(int code, const char *type, const char *content) {
  const std::string body = content;
  const std::string whole = "HTTP/1.1 " + std::to_string(code) + " -\r\nContent-Type: " + type +
                             "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n" +
                             headers_ + "\r\n" + body;
  if (write(client_, whole.data(), whole.size()) < 0) return;
}

void WebServer::handleClient() {
  if (listener_ < 0) return;
  client_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client_ < 0) return;
  std::string request;
  char piece[1024];
  while (!isComplete(request) && request.size() < LONGEST_REQUEST) {
    pollfd waiting = {client_, POLLIN, 0};
    if (poll(&waiting, 1, PATIENCE_MS) <= 0) break;
    const ssize_t length = read(client_, piece, sizeof piece);
    if (length <= 0) break;
    request.append(piece, static_cast<size_t>(length));
  }
  if (isComplete(request)) answer(request);
  close(client_);
}

void WebServer::answer(const std::string &request) {
  arguments_.clear();
  headers_.clear();
  const size_t from = request.find(' ') + 1;
  const std::string path = request.substr(from, request.find(' ', from) - from);
  std::string form = request.substr(request.find("\r\n\r\n") + 4);
  while (!form.empty()) {
    const std::string pair = form.substr(0, form.find('&'));
    form.erase(0, pair.size() + 1);
    const size_t equals = pair.find('=');
    if (equals != std::string::npos) arguments_[decoded(pair.substr(0, equals))] = decoded(pair.substr(equals + 1));
  }
  const auto handler = handlers_.find(path);
  if (handler != handlers_.end()) handler->second();
  else if (otherwise_) otherwise_();
}
