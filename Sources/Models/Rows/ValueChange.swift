import Architectures
import Quantization
import Tensors

/// The change of stored values from one form to another.
struct ValueChange: Hashable, Sendable {
  let from: ValueForm, to: ValueForm

  /// Whether values stay as they are.
  var isNothing: Bool { from == to }
  var inverse: ValueChange { ValueChange(from: to, to: from) }

  /// Changes the first `count` values, in float32, or for F16 as PyTorch does, which rounds results to F16.
  func apply(
    to values: inout DecodedValues, first count: Int, roundingAs format: StorageFormat
  ) throws(CodecError) {
    guard !isNothing else { return }
    if case (.plus(let one), .plus(let other)) = (from, to) {
      return try values.add(other - one, first: count, roundingAs: format)
    }
    try values.replace(first: count, roundingAs: format) { to.value(of: from.canonical($0)) }
  }

  /// The change in words.
  var words: String {
    switch (from, to) {
    case (.plus(let one), .plus(let other)): other > one ? "plus 1" : "minus 1"
    case (_, .negativeExponential): "negative exponential"
    case (.negativeExponential, _): "logarithm of the negative"
    }
  }
}

extension ValueForm {
  /// The canonical value that is stored as `value`. A value that no exponential gives has none: NaN.
  fileprivate func canonical(_ value: Double) -> Double {
    switch self {
    case .plus(let addend): value - Double(addend)
    case .negativeExponential: Self.shortestLogarithm(-value)
    }
  }

  /// The logarithm, or a number of BF16 whose exponential is `power` but for its last bit: models are published in BF16,
  /// and the exponential leaves out some bits.
  private static func shortestLogarithm(_ power: Double) -> Double {
    let logarithm = DeterministicMath.naturalLogarithm(power)
    let short = Float(bitPattern: (Float(logarithm).bitPattern &+ 0x8000) & 0xFFFF_0000)
    let difference = abs(Float(DeterministicMath.exponential(Double(short))) - Float(power))
    return difference <= Float(power).ulp ? Double(short) : logarithm
  }

  /// The stored value of a canonical one.
  fileprivate func value(of canonical: Double) -> Double {
    switch self {
    case .plus(let addend): canonical + Double(addend)
    case .negativeExponential: -DeterministicMath.exponential(canonical)
    }
  }
}
