import Architectures
import Bytes
import Tensors

/// The tensors of a checkpoint, each given its meaning in one scheme, and whatever does not fit.
struct TensorMapping {
  private(set) var tensors: [MappedTensor] = []
  private(set) var locations: [TensorPlace: StoredLocation] = [:]
  private(set) var places: [TensorPlace] = []
  private(set) var derived: [TensorDescriptor] = []
  private(set) var dropped: [(tensor: TensorDescriptor, reason: String)] = []
  var problems: [any IngotError] = []

  private let definition: Definition
  private let parameters: ParameterSet
  private let layerCount: Int

  /// Gives every tensor its meaning and compares shapes and coverage with the parameters.
  init(_ checkpoint: Checkpoint, _ definition: Definition, _ scheme: NamingScheme, _ parameters: ParameterSet) {
    self.definition = definition
    self.parameters = parameters
    layerCount = max(0, parameters.integer("layer_count") ?? 0)
    let reader = definition.reader(of: scheme)
    var outside: [any IngotError] = []
    for tensor in checkpoint.tensors {
      switch reader.meaning(of: tensor.name) {
      case nil: outside.append(TensorProblem(tensor, .unmapped(scheme: scheme.name)))
      case .derived: derived.append(tensor)
      case .dropped(let reason): dropped.append((tensor, reason))
      case .tensor(let rule, let layer, let part): map(tensor, reader.rules[rule], rule, layer: layer, part: part)
      }
    }
    findMissing(reader.rules)
    problems += outside
  }

  // MARK: - What is there

  private mutating func map(
    _ tensor: TensorDescriptor, _ rule: StoredRule, _ ruleIndex: Int, layer: Int?, part: Int?
  ) {
    let layerCount = count(rule.tensors[0].layers, else: layerCount)
    if let layer, layer >= layerCount {
      return problems.append(TensorProblem(tensor, .layerBeyondEnd(layer: layer, layerCount: layerCount)))
    }
    if let part, let partCount = rule.tensors[0].parts?.integer(parameters), part >= partCount {
      return problems.append(TensorProblem(tensor, .partBeyondEnd(part: part, partCount: partCount)))
    }
    if tensor.format?.facts.kind == .complex { problems.append(TensorProblem(tensor, .isComplex)) }
    guard let layout = layout(of: tensor, rule) else { return }
    let mapped = MappedTensor(
      descriptor: tensor, ruleIndex: ruleIndex, layout: layout, layer: layer, part: part)
    if let other = mapped.places.compactMap({ locations[$0] }).first {
      return addSecond(mapped, rule, other: tensors[other.tensorIndex])
    }
    for part in 0..<(layout.partCount ?? 1) {
      for component in layout.components.indices {
        let place = mapped.place(component: component, part: part)
        places.append(place)
        locations[place] = StoredLocation(tensorIndex: tensors.count, component: component, part: part)
      }
    }
    tensors.append(mapped)
  }

  /// A tensor whose place is taken: the same one under another of its names, or a mistake.
  private mutating func addSecond(_ mapped: MappedTensor, _ rule: StoredRule, other: MappedTensor) {
    let first = other.descriptor
    guard rule.patterns.count > 1, first.shape == mapped.descriptor.shape else {
      return problems.append(
        TensorProblem(mapped.descriptor, .twiceInRole(role: rule.tensors[0].role, other: first.name)))
    }
    dropped.append((mapped.descriptor, "another name of \(first.name.text.quoted), which is used"))
  }

  private mutating func layout(of tensor: TensorDescriptor, _ rule: StoredRule) -> StoredLayout? {
    do throws(LayoutMisfit) {
      let layout = try definition.layout(of: rule, parameters, found: tensor.shape)
      if layout.shape == tensor.shape { return layout }
      problems.append(
        TensorProblem(
          tensor, .wrongShape(found: tensor.shape, expected: layout.shape, expression: definition.shapeWording(rule))))
      // It still has its place, so that a comparison can say that the shapes differ.
      return rule.isAlone ? try definition.canonicalLayout(of: rule.tensors[0], shape: tensor.shape) : nil
    } catch {
      problems.append(TensorProblem(tensor, TensorProblem.Fact(error)))
      return nil
    }
  }

  // MARK: - What is not there

  /// Missing tensors beyond this many add nothing to a message.
  private static let enough = 10_000

  private mutating func findMissing(_ rules: [StoredRule]) {
    var found: Set<TensorRole> = []
    for rule in rules {
      for tensor in rule.tensors where !tensor.isOptional && found.insert(tensor.role).inserted {
        // A stated number of layers may be anything, so the loop must not outlive the patience for its findings.
        let layers = rule.isPerLayer ? count(tensor.layers, else: layerCount) : 1
        let parts = tensor.parts == nil ? 1 : count(tensor.parts, else: 0)
        search: for layer in 0..<layers {
          for part in 0..<parts {
            let place = TensorPlace(
              tensor.role, layer: rule.isPerLayer ? layer : nil, part: tensor.parts == nil ? nil : part)
            guard locations[place] == nil else { continue }
            problems.append(
              TensorProblem(rule.patterns[0].name(layer: layer, part: part), .missing(role: tensor.role)))
            if problems.count > Self.enough { break search }
            // One name stands for all parts that it holds.
            if !rule.isPerPart { break }
          }
        }
      }
    }
  }

  private func count(_ expression: Expression?, else fallback: Int) -> Int {
    max(0, expression.map { $0.integer(parameters) ?? 0 } ?? fallback)
  }
}
