import Architectures
import Models

/// The sensitivity of a model's predictions to the relative error of a matrix.
///
/// Small errors of different matrices add up in the Kullback-Leibler divergence of the predictions, each in proportion to its
/// relative square error. The factors are the divergence (nats) for that error, rounded, measured on SmolLM2-135M with all
/// matrices of one role stored as Q4_0 and the others as they were; only their ratios count.
enum Sensitivity {
  private static let factors: [TensorRole: Double] = [
    .attentionQuery: 0.08, .attentionKey: 0.06, .attentionValue: 0.3, .attentionOutput: 0.06,
    .feedForwardGate: 0.1, .feedForwardUp: 0.2, .feedForwardDown: 0.3,
  ]
  /// Roles that were not measured.
  private static let other = 0.1
  /// The token embedding, where it is not the output as well.
  private static let embedding = 0.6
  /// The output matrix, whose errors nothing dampens, or the token embedding in its place.
  private static let output = 5.0
  /// What matrices of the last layer count more than those of others, since no later layer makes up for their errors.
  private static let lastLayer = 5.0

  /// The factor of a matrix; of several roles, that of the most sensitive.
  static func factor(_ purpose: PlannedTensor.Roles, layerCount: Int, tiesEmbeddings: Bool) -> Double {
    switch purpose.roles[0] {
    case .output: return output
    case .tokenEmbedding: return tiesEmbeddings ? output : embedding
    default:
      let factor = purpose.roles.map { factors[$0] ?? other }.max() ?? other
      return purpose.layer == layerCount - 1 ? factor * lastLayer : factor
    }
  }

  /// What an error costs: the divergence that a matrix of this factor adds.
  ///
  /// Up to about 0.01 it grows in proportion; Q3_K and Q2_K, at 0.024 and 0.09, cost 1.0 and 1.7 times as much for their error
  /// as Q4_0, and still coarser formats are to be the last resort.
  static func cost(_ error: Double, factor: Double) -> Double { factor * error * (1 + 8 * error) }
}
