import Architectures
import Tensors

extension Hyperparameters.QueryTemperature {
  /// The factor on the query at `position`, counted from 0: `1 + scale × ln(1 + ⌊position / interval⌋)`.
  func factor(at position: Int) -> Double {
    1 + scale * DeterministicMath.naturalLogarithm(Double(1 + position / interval))
  }
}
