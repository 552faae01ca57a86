// The part of Arduino's String that the sketch uses.
#pragma once

#include <string>

class String {
public:
  String() = default;
  explicit String(const char *text) : text_(text == nullptr ? "" : text) {}
  explicit String(const std::string &text) : text_(text) {}
  const char *c_str() const { return text_.c_str(); }
  unsigned int length() const { return static_cast<unsigned int>(text_.size()); }

private:
  std::string text_;
};
