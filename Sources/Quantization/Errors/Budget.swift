import Bytes

/// Limits on error metrics: `nmse=1e-3,max_abs=0.1`.
public struct Budget: Sendable, Hashable {
  /// A measurement of a comparison.
  public enum Metric: String, Sendable, Hashable, CaseIterable {
    /// Σ (candidate − reference)² / Σ reference².
    case nmse
    /// Maximum |candidate − reference|.
    case maximumAbsolute = "max_abs"
    /// √(Σ (candidate − reference)² / elements).
    case rmse
    /// The cosine of the angle between the two; its limit is a minimum.
    case cosine
    /// The mean Kullback-Leibler divergence of the next-token distributions, in nats.
    case divergence = "kl"
    /// Its 99th percentile over the positions.
    case klP99 = "kl_p99"
    /// Its maximum over the positions.
    case maximumDivergence = "kl_max"
    /// Top-1 agreement: the share of positions with the same most likely token; its limit is a minimum.
    case topOneAgreement = "top1"

    /// Whether the limit is a minimum, not a maximum.
    public var isLowerBound: Bool { self == .cosine || self == .topOneAgreement }

    /// The metrics of tensors.
    public static let ofTensors: [Metric] = [.nmse, .maximumAbsolute, .rmse, .cosine]
    /// The metrics of logits.
    public static let ofLogits: [Metric] = [
      .divergence, .klP99, .maximumDivergence, .topOneAgreement, .nmse, .maximumAbsolute, .cosine,
    ]
  }

  /// One limit.
  public struct Limit: Sendable, Hashable, CustomStringConvertible {
    public let metric: Metric
    /// The maximum (or minimum) value allowed.
    public let value: Double

    public init(_ metric: Metric, _ value: Double) {
      self.metric = metric
      self.value = value
    }

    /// Whether `measured` is within the limit; NaN never is.
    public func allows(_ measured: Double) -> Bool { metric.isLowerBound ? measured >= value : measured <= value }

    /// Describes a value beyond the limit: `nmse is 0.0123, expected at most 0.0010`.
    public func words(_ measured: Double) -> String {
      metric.isLowerBound
        ? "\(metric.rawValue) is \(measured.fixed(4)), expected at least \(value.fixed(4))"
        : "\(metric.rawValue) is \(measured.metricText), expected at most \(value.metricText)"
    }

    /// The limit as written in the option: `nmse=1e-3`.
    public var description: String { "\(metric.rawValue)=\(JSON.real(value).text(.compact))" }
  }

  /// The limits, in the order given.
  public let limits: [Limit]

  public init(_ limits: [Limit]) { self.limits = limits }

  /// Parses `metric=number` pairs that are separated by commas.
  ///
  /// - Parameter metrics: the metrics that the comparison measures.
  public init(parsing text: String, metrics: [Metric]) throws(BudgetError) {
    var limits: [Limit] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2, let name = sides.first, let number = sides.last else {
        throw .notAPair(text: String(part))
      }
      guard let metric = metrics.first(where: { $0.rawValue == name }) else {
        throw .unknownMetric(name: name, known: metrics.map(\.rawValue))
      }
      guard let value = Double(number), value.isFinite, value >= 0 else {
        throw .notANumber(metric: name, text: number)
      }
      guard !limits.contains(where: { $0.metric == metric }) else { throw .twice(metric: name) }
      limits.append(Limit(metric, value))
    }
    self.limits = limits
  }

  /// The limits that the measured values exceed, in order; metrics that were not measured are skipped.
  public func violations(_ measured: (Metric) -> Double?) -> [(limit: Limit, measured: Double)] {
    limits.compactMap { limit in
      guard let value = measured(limit.metric), !limit.allows(value) else { return nil }
      return (limit, value)
    }
  }

  /// The limits by name.
  public var json: JSON {
    .object(JSON.Object(uniqueKeysWithValues: limits.map { (ExactString($0.metric.rawValue), .real($0.value)) }))
  }
}

/// An error of parsing a budget.
public enum BudgetError: IngotError, Equatable {
  /// A pair without `=`.
  case notAPair(text: String)
  /// A metric that the comparison does not measure.
  case unknownMetric(name: String, known: [String])
  /// The text after `=` is not a finite number of at least 0.
  case notANumber(metric: String, text: String)
  /// A metric with two limits.
  case twice(metric: String)

  public var category: ErrorCategory { .usage }

  public var description: String {
    switch self {
    case .notAPair(let text): "budget: \(text.quoted) is not of the form metric=number"
    case .unknownMetric(let name, let known):
      "budget: metric \(name.quoted) is unknown here\(didYouMean(name, among: known)), expected auto or limits of "
        + known.joined(separator: ", ")
    case .notANumber(let metric, let text): "budget: \(metric) is \(text.quoted), expected a number of at least 0"
    case .twice(let metric): "budget: \(metric) is given twice"
    }
  }
}
