// The wording of counts, values, names and sizes, the same in all messages and tables.

extension BinaryInteger {
  /// The decimal digits in groups of three: `8,421,376`.
  public var grouped: String {
    let digits = String(magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (self < 0 ? "-" : "") + text
  }

  /// A size in binary units with one decimal: `45.9 MiB`; below 1 KiB in bytes.
  public var byteSize: String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]
    var value = Double(self)
    guard value.magnitude >= 1024 else { return "\(grouped) B" }
    var unit = ""
    for candidate in units where value.magnitude >= 1024 {
      value /= 1024
      unit = candidate
    }
    return "\(value.fixed(1)) \(unit)"
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// The hexadecimal digits of all bits: two of a byte.
  public var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
  }
}

extension Double {
  /// The value with exactly `decimals` digits after the point, rounded half away from zero.
  public func fixed(_ decimals: Int) -> String {
    guard isFinite, magnitude < 1e15 else { return "\(self)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (magnitude * scale).rounded()
    guard let whole = Int64(exactly: scaled) else { return "\(self)" }
    let digits = String(whole)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = self < 0 && whole != 0 ? "-" : ""
    return decimals == 0 ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// The value in scientific notation with three significant digits: `1.23e-09`; `0` for zero.
  public var scientific: String {
    guard self != 0 else { return "0" }
    guard isFinite else { return "\(self)" }
    var exponent = 0
    var value = magnitude
    while value >= 10 { value /= 10; exponent += 1 }
    while value < 1 { value *= 10; exponent -= 1 }
    if (value * 100).rounded() >= 1000 { value /= 10; exponent += 1 }
    let digits = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
    return "\(self < 0 ? "-" : "")\(value.fixed(2))e\(exponent < 0 ? "-" : "+")\(digits)"
  }
}

extension String {
  /// Text from a file made safe to print: control, bidirectional and invalid characters as `\u{…}`, long text cut.
  ///
  /// Covers C0, DEL, C1, the bidirectional controls U+200E…U+202E and U+2066…U+2069, and the line separators.
  public var escapedForDisplay: String {
    var text = ""
    var count = 0
    for scalar in unicodeScalars {
      count += 1
      guard count <= 400 else { return text + "…" }
      switch scalar.value {
      case 0x0A: text += "\\n"
      case 0x09: text += "\\t"
      case 0x0D: text += "\\r"
      case 0..<0x20, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// The text in double quotes, escaped for display: how names appear in messages.
  public var quoted: String { "\"\(escapedForDisplay)\"" }
}

/// `1 tensor`, `2 tensors`: a grouped count with its noun.
public func counted(_ count: Int, _ noun: String) -> String {
  "\(count.grouped) \(noun)\(count == 1 ? "" : "s")"
}
