// One request at a time on 127.0.0.1, at the port that the command line names.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "WString.h"

typedef enum { HTTP_ANY, HTTP_GET, HTTP_POST } HTTPMethod;

class WebServer {
public:
  explicit WebServer(int port);
  ~WebServer();
  void begin();
  void stop();
  void handleClient();
  void on(const char *path, HTTPMethod method, std::function<void()> handler);
  void onNotFound(std::function<void()> handler);
  bool hasArg(const char *name) const;
  String arg(const char *name) const;
  void sendHeader(const char *name, const char *value);
  void send(int code, const char *type, const char *content);

private:
  void answer(const std::string &request);
  int listener_ = -1;
  int client_ = -1;
  std::map<std::string, std::function<void()>> handlers_;
  std::function<void()> otherwise_;
  std::map<std::string, std::string> arguments_;
  std::string headers_;
};
