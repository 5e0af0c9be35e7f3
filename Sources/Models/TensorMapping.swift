import Architectures
import Bytes
import Tensors

/// The tensors of a checkpoint, each given its role in one scheme, and whatever does not fit.
struct TensorMapping {
  var tensors: [MappedTensor] = []
  var derived: [TensorDescriptor] = []
  var dropped: [(tensor: TensorDescriptor, reason: String)] = []
  var problems: [any IngotError] = []

  /// Gives every tensor its role and compares shapes and coverage with the parameters.
  init(_ checkpoint: Checkpoint, _ definition: Definition, _ scheme: NamingScheme, _ parameters: ParameterSet) {
    let reader = definition.reader(of: scheme)
    let layerCount = max(0, parameters.integer("layer_count") ?? 0)
    var seen: [TensorPlace: TensorName] = [:]
    var outside: [any IngotError] = []
    for tensor in checkpoint.tensors {
      switch reader.meaning(of: tensor.name) {
      case nil: outside.append(TensorProblem(tensor, .unmapped(scheme: scheme.name)))
      case .derived: derived.append(tensor)
      case .dropped(let reason): dropped.append((tensor, reason))
      case .tensor(let role, let layer):
        if let layer, layer >= layerCount {
          problems.append(TensorProblem(tensor, .layerBeyondEnd(layer: layer, layerCount: layerCount)))
          continue
        }
        let place = TensorPlace(role, layer: layer)
        if let other = seen.updateValue(tensor.name, forKey: place) {
          problems.append(TensorProblem(tensor, .twiceInRole(role: role, other: other)))
          continue
        }
        map(tensor, at: place, definition, scheme, parameters)
      }
    }
    for rule in definition.tensors where !rule.isOptional {
      guard let pattern = definition.pattern(of: rule, in: scheme) else { continue }
      // A stated number of layers may be anything, so the loop must not outlive the patience for its findings.
      for index in 0..<(rule.isPerLayer ? layerCount : 1) {
        let layer = rule.isPerLayer ? index : nil
        guard seen[TensorPlace(rule.role, layer: layer)] == nil else { continue }
        problems.append(TensorProblem(pattern.name(layer: layer), .missing(role: rule.role)))
        if problems.count > Self.enough { break }
      }
    }
    problems += outside
  }

  /// Missing tensors beyond this many add nothing to a message.
  private static let enough = 10_000

  private mutating func map(
    _ tensor: TensorDescriptor, at place: TensorPlace, _ definition: Definition, _ scheme: NamingScheme,
    _ parameters: ParameterSet
  ) {
    guard let rule = definition.rule(place.role) else { return }
    guard let transform = definition.transform(of: rule, in: scheme, parameters) else {
      problems.append(TensorProblem(tensor, .layoutNeedsNumbers))
      return
    }
    if tensor.format?.facts.kind == .complex { problems.append(TensorProblem(tensor, .isComplex)) }
    if let expected = Self.expectedShape(rule, parameters), expected != tensor.shape {
      problems.append(
        TensorProblem(
          tensor,
          .wrongShape(
            found: tensor.shape, expected: expected,
            expression: rule.shape.map(\.description).joined(separator: " × "))))
    } else {
      do throws(Transform.Misfit) {
        let geometry = RowGeometry(tensor.shape, movesRows: transform != .identity)
        try transform.requireFit(rowCount: geometry.rowCount)
      } catch {
        guard case .rowsDoNotSplitIntoHeads(let rowCount, let headCount) = error else { return }
        problems.append(TensorProblem(tensor, .doesNotSplitIntoHeads(rowCount: rowCount, headCount: headCount)))
        return
      }
    }
    tensors.append(MappedTensor(place: place, descriptor: tensor, transform: transform))
  }

  /// The shape that the parameters give a tensor; nil where they do not say.
  static func expectedShape(_ rule: TensorRule, _ parameters: ParameterSet) -> Shape? {
    let extents = rule.shape.compactMap { $0.value(parameters) }
    return extents.count == rule.shape.count && !extents.isEmpty ? Shape(extents) : nil
  }
}
