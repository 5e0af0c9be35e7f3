import ArgumentParser

/// A number of bytes: `5G` and `5GB` are 5 · 10⁹, `5GiB` is 5 · 2³⁰, `1.2G` is 1.2 · 10⁹, `4096` is itself.
struct SizeArgument: ExpressibleByArgument {
  /// As it was written.
  let text: String
  /// Rounded down to whole bytes.
  let byteCount: Int

  init?(argument: String) {
    let number = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let decimals = parts.count == 2 ? parts[1] : "0"
    // More than nine decimals would overflow.
    guard let whole = Int(parts[0]), !decimals.isEmpty, decimals.count <= 9, let fraction = Int(decimals),
      let unit = Self.units[argument.dropFirst(number.count).lowercased()]
    else { return nil }
    let (bytes, overflow) = whole.multipliedReportingOverflow(by: unit)
    let divisor = decimals.reduce(1) { power, _ in power * 10 }
    let product = fraction.multipliedFullWidth(by: unit)
    let (sum, sumOverflow) = bytes.addingReportingOverflow(divisor.dividingFullWidth(product).quotient)
    guard !overflow, !sumOverflow, sum > 0 else { return nil }
    text = argument
    byteCount = sum
  }

  private static let units = [
    "": 1, "b": 1, "k": 1_000, "kb": 1_000, "kib": 1 << 10, "m": 1_000_000, "mb": 1_000_000, "mib": 1 << 20,
    "g": 1_000_000_000, "gb": 1_000_000_000, "gib": 1 << 30, "t": 1_000_000_000_000, "tb": 1_000_000_000_000,
    "tib": 1 << 40,
  ]
}
