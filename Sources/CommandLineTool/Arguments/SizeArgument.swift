import ArgumentParser

/// A number of bytes: `5G` and `5GB` are 5 · 10⁹, `5GiB` is 5 · 2³⁰, `4096` is itself.
struct SizeArgument: ExpressibleByArgument {
  let byteCount: Int

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int(digits), count > 0,
      let unit = Self.units[argument.dropFirst(digits.count).lowercased()]
    else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
    guard !overflow else { return nil }
    byteCount = bytes
  }

  private static let units = [
    "": 1, "b": 1, "k": 1_000, "kb": 1_000, "kib": 1 << 10, "m": 1_000_000, "mb": 1_000_000, "mib": 1 << 20,
    "g": 1_000_000_000, "gb": 1_000_000_000, "gib": 1 << 30, "t": 1_000_000_000_000, "tb": 1_000_000_000_000,
    "tib": 1 << 40,
  ]
}
