/// The size of a model as a short text: `135M`, `1.1B`, `8x7B`.
///
/// The rules are those of llama.cpp's `gguf-py/gguf/utility.py` (`size_label`).
public enum SizeLabel {
  /// The label of a model without experts.
  public static func text(parameterCount: Int) -> String {
    let count = Double(parameterCount.magnitude)
    // Products, not quotients: 1e-9 is not a power of two, and the last digit may depend on it.
    let (scaled, unit) =
      switch count {
      case let count where count > 1e12: (count * 1e-12, "T")
      case let count where count > 1e9: (count * 1e-9, "B")
      case let count where count > 1e6: (count * 1e-6, "M")
      default: (count * 1e-3, "K")
      }
    let whole = Int(exactly: scaled.rounded(.toNearestOrEven)) ?? 0
    let digitCount = whole == 0 ? 0 : String(whole).utf8.count
    return decimal(scaled, decimalCount: max(2 - digitCount, 0)) + unit
  }

  /// The label of a mixture of experts: the count of experts, and the size of the model if it had only one.
  ///
  /// - Parameters:
  ///   - sharedParameterCount: parameters outside of experts.
  ///   - expertParameterCount: parameters of one expert, over all layers.
  public static func text(sharedParameterCount: Int, expertParameterCount: Int, expertCount: Int) -> String {
    let (sum, overflow) = sharedParameterCount.addingReportingOverflow(expertParameterCount)
    return "\(expertCount)x\(text(parameterCount: overflow ? .max : sum))"
  }

  /// `value` (0 or more) with `decimalCount` (0, 1 or 2) digits after the point.
  ///
  /// The exact value is rounded, half to even, as C's `%.2f` does: the product below has an error, which decides when
  /// it falls on a half.
  static func decimal(_ value: Double, decimalCount: Int) -> String {
    let scale = decimalCount == 2 ? 100.0 : decimalCount == 1 ? 10.0 : 1.0
    let product = value * scale
    let error = (-product).addingProduct(value, scale)
    var rounded = product.rounded(.toNearestOrEven)
    if error != 0, product - product.rounded(.down) == 0.5 { rounded = product.rounded(error > 0 ? .up : .down) }
    let digits = String(Int(exactly: rounded) ?? 0)
    let padded = String(repeating: "0", count: max(0, decimalCount + 1 - digits.utf8.count)) + digits
    return decimalCount == 0 ? padded : "\(padded.dropLast(decimalCount)).\(padded.suffix(decimalCount))"
  }
}
