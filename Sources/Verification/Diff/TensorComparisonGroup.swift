import Bytes
import Models

/// Compared tensors of one layer or of one kind, added up.
public struct TensorComparisonGroup: Sendable {
  /// What the tensors of a group have in common.
  public enum Kind: String, Sendable, CaseIterable {
    /// The layer.
    case layer
    /// The role: the same tensor of all layers and experts.
    case kind
  }

  /// `layer 3`, or `attention query`.
  public let name: String
  public let tensorCount: Int
  /// Tensors by outcome: equal (bytes or values), with other values, and not compared.
  public let equalCount: Int, differentCount: Int, uncomparedCount: Int
  /// The greatest errors of a tensor.
  public let maximumAbsoluteError: Double, normalizedMeanSquareError: Double
  /// √(Σ error² / elements) of all compared tensors together.
  public let rootMeanSquareError: Double
  /// The tensor with the greatest normalized error; nil if none differs.
  public let worst: TensorIdentity?

  init(_ name: String, _ tensors: [TensorComparison]) {
    self.name = name
    tensorCount = tensors.count
    equalCount = tensors.count { $0.isCompared && $0.differingMetrics == nil }
    uncomparedCount = tensors.count { !$0.isCompared }
    let differing = tensors.compactMap { tensor in tensor.differingMetrics.map { (tensor.identity, $0) } }
    differentCount = differing.count
    maximumAbsoluteError = differing.map(\.1.maximumAbsoluteError).max() ?? 0
    let worst = differing.max { $0.1.normalizedMeanSquareError < $1.1.normalizedMeanSquareError }
    normalizedMeanSquareError = worst?.1.normalizedMeanSquareError ?? 0
    self.worst = worst?.0
    let elementCount = tensors.filter(\.isCompared).reduce(0) { $0 &+ $1.elementCount }
    let squares = differing.reduce(0.0) { $0 + $1.1.sumSquaredError }
    rootMeanSquareError = elementCount > 0 ? (squares / Double(elementCount)).squareRoot() : 0
  }

  var json: JSON {
    .members([
      "name": .string(name), "tensors": .integer(tensorCount), "equal": .integer(equalCount),
      "different": .integer(differentCount), "not_compared": .integer(uncomparedCount),
      "max_abs": .real(maximumAbsoluteError), "rmse": .real(rootMeanSquareError),
      "max_nmse": .real(normalizedMeanSquareError), "worst": worst.map { .string($0.description) } ?? .null,
    ])
  }
}

extension CheckpointDiff {
  /// The groups of the compared tensors: layers by number and what is outside them, or kinds in file order.
  public func groups(by kind: TensorComparisonGroup.Kind) -> [TensorComparisonGroup] {
    var members: [String: [TensorComparison]] = [:]
    var names: [(name: String, layer: Int?)] = []
    for tensor in tensors {
      let layer = tensor.identity.layer
      let name =
        switch kind {
        case .layer: layer.map { "layer \($0)" } ?? "outside layers"
        case .kind: tensor.identity.kindWords
        }
      if members[name] == nil { names.append((name, kind == .layer ? layer : nil)) }
      members[name, default: []].append(tensor)
    }
    let order = names.indices.sorted { (names[$0].layer ?? -1, $0) < (names[$1].layer ?? -1, $1) }
    return order.map { TensorComparisonGroup(names[$0].name, members[names[$0].name] ?? []) }
  }

  /// The tensors that differ most: those that were not compared, then by normalized error; at most `count`.
  public func worstTensors(_ count: Int) -> [TensorComparison] {
    let ranked = tensors.enumerated().filter { !$0.element.isCompared || $0.element.differingMetrics != nil }
    func error(_ tensor: TensorComparison) -> Double {
      tensor.isCompared ? tensor.differingMetrics?.normalizedMeanSquareError ?? 0 : .infinity
    }
    return ranked.sorted { left, right in
      let (one, other) = (error(left.element), error(right.element))
      return one == other ? left.offset < right.offset : one > other
    }.prefix(count).map(\.element)
  }

  /// A row for each group.
  public func table(of groups: [TensorComparisonGroup], by kind: TensorComparisonGroup.Kind) -> ReportTable {
    ReportTable(
      columns: [
        .left(kind.rawValue), .right("tensors"), .right("equal"), .right("different"), .right("not compared"),
        .right("max abs"), .right("RMSE"), .right("max NMSE"),
      ],
      rows: groups.map { group in
        [
          group.name.escapedForDisplay, group.tensorCount.grouped, group.equalCount.grouped,
          group.differentCount.grouped, group.uncomparedCount.grouped, group.maximumAbsoluteError.metricText,
          group.rootMeanSquareError.metricText, group.normalizedMeanSquareError.metricText,
        ]
      })
  }
}

extension TensorComparison {
  /// The metrics of other values; nil for equal tensors and those not compared.
  fileprivate var differingMetrics: ErrorMetrics? {
    if case .different(let metrics) = outcome { metrics } else { nil }
  }
}

extension TensorIdentity {
  /// The layer of a slot, or of a GGUF's name.
  fileprivate var layer: Int? {
    switch self {
    case .slot(let slot): slot.layer
    case .name(let name): name.ggufLayer
    }
  }

  /// The kind in words; of a name, the name with `*` for numbers.
  fileprivate var kindWords: String {
    guard case .name(let name) = self else { return kind.description }
    return name.text.split(separator: ".", omittingEmptySubsequences: false)
      .map { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } ? "*" : $0 }.joined(separator: ".")
  }
}
