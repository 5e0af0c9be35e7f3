/// What a scheme stores instead of a canonical value `x`.
public enum ValueForm: Hashable, Sendable {
  /// `x` plus a constant: Gemma's norms plus 1.
  case plus(Float)
  /// `-e^x`: a decay rate whose logarithm is canonical.
  case negativeExponential

  /// `x` itself.
  public static let canonical = ValueForm.plus(0)
}
