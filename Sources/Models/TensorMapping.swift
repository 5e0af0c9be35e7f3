import Architectures
import Bytes
import Tensors

/// The tensors of a checkpoint with their slots in one naming scheme, and the problems.
struct TensorMapping {
  private(set) var tensors: [MappedTensor] = []
  private(set) var locations: [TensorSlot: StoredLocation] = [:]
  private(set) var slots: [TensorSlot] = []
  private(set) var derived: [TensorDescriptor] = []
  private(set) var dropped: [(tensor: TensorDescriptor, reason: String)] = []
  /// Dropped tensors that should have the values of a slot.
  private(set) var copies: [(tensor: TensorDescriptor, slot: TensorSlot)] = []
  var problems: [TensorProblem] = []
  /// Rows of tensors beyond those of the vocabulary.
  private(set) var padding: [PaddingRows] = []

  /// Whether a slot was filled twice, so that the values of the two tensors matter.
  private(set) var hasDuplicates = false

  /// The comparison of the values of two tensors.
  enum Comparison {
    case equal, different
    /// One could not be read or decoded.
    case undecodable
    /// The values were not read.
    case unread
  }

  private let facts: any ModelFacts
  private let compare: (TensorDescriptor, TensorDescriptor) -> Comparison
  private let definition: ArchitectureDefinition
  private let hyperparameters: HyperparameterSet
  /// Layers of the forward pass, and those after them, which predict more tokens.
  private let layerCount: Int, predictionLayerCount: Int
  /// Whether one of those after them has tensors.
  private var hasPredictionLayers = false

  /// Gives every tensor its slot and compares shapes and coverage with the hyperparameters.
  ///
  /// - Parameters:
  ///   - states: transforms that contradict those that the scheme declares.
  ///   - compare: compares the values of two tensors that fill the same slot.
  init(
    _ checkpoint: Checkpoint, _ facts: any ModelFacts, _ definition: ArchitectureDefinition, _ scheme: NamingScheme,
    _ hyperparameters: HyperparameterSet, states: [TransformRule.Kind: Bool] = [:],
    compare: @escaping (TensorDescriptor, TensorDescriptor) -> Comparison = { _, _ in .unread }
  ) {
    self.facts = facts
    self.compare = compare
    self.definition = definition
    self.hyperparameters = hyperparameters
    layerCount = max(0, hyperparameters.integer("layer_count") ?? 0)
    predictionLayerCount = definition.predictionLayerCount(hyperparameters)
    let matcher = definition.matcher(of: scheme)
    dropped = checkpoint.unused
    var outside: [TensorDescriptor] = []
    for tensor in checkpoint.tensors {
      switch matcher.match(of: tensor.name) {
      case nil: outside.append(tensor)
      case .derived: derived.append(tensor)
      case .tensor(_, let layer?, _) where isDropped(layer):
        dropped.append((tensor, definition.predictionLayers?.dropReason ?? ""))
      case .dropped(let rule):
        dropped.append((tensor, rule.reason))
        if let role = rule.copyOf { copies.append((tensor, TensorSlot(role))) }
      case .tensor(let rule, let layer, let instance):
        map(tensor, matcher.rules[rule].storing(states), rule, layer: layer, instance: instance)
      }
    }
    findMissing(matcher.rules)
    addOthers(outside, scheme)
  }

  // MARK: - Stored tensors

  private mutating func map(
    _ tensor: TensorDescriptor, _ rule: StoredRule, _ ruleIndex: Int, layer: Int?, instance: Int?
  ) {
    let layerCount = count(rule.tensors[0].layers, else: layerCount)
    if let layer, layer >= layerCount {
      guard rule.tensors[0].layers == nil, layer - layerCount < predictionLayerCount else {
        return problems.append(
          TensorProblem(tensor.name, .layerBeyondEnd(layer: layer, layerCount: layerCount), layer: layer))
      }
      hasPredictionLayers = true
    }
    if let instance, let instanceCount = rule.tensors[0].instances?.integer(hyperparameters), instance >= instanceCount
    {
      return problems.append(
        TensorProblem(tensor, .instanceBeyondEnd(instance: instance, instanceCount: instanceCount)))
    }
    if tensor.format?.facts.kind == .complex { problems.append(TensorProblem(tensor, .isComplex)) }
    guard let layout = layout(of: tensor, rule, layer: layer) else { return }
    let isSqueezed = hasDimensions(tensor, of: layout) && layout.shape != tensor.shape
    var mapped = MappedTensor(
      descriptor: isSqueezed ? tensor.shaped(layout.shape) : tensor, ruleIndex: ruleIndex, layout: layout,
      layer: layer, instance: instance)
    if let asStored = mapped.transposedBack { mapped = asStored }
    if let other = mapped.slots.compactMap({ locations[$0] }).first {
      return addSecond(mapped, other: tensors[other.tensorIndex])
    }
    for instance in 0..<(layout.instanceCount ?? 1) {
      for component in layout.components.indices {
        let slot = mapped.slot(component: component, instance: instance)
        slots.append(slot)
        locations[slot] = StoredLocation(tensorIndex: tensors.count, component: component, instance: instance)
      }
    }
    tensors.append(mapped)
  }

  /// Drops a tensor whose slot is filled, if it is an equal tensor under another name; otherwise adds a problem.
  private mutating func addSecond(_ second: MappedTensor, other: MappedTensor) {
    let role = second.layout.components[0].role, first = other.descriptor
    guard second.slots == other.slots, second.layout.hasSameRows(as: other.layout) else {
      return problems.append(TensorProblem(second.descriptor, .twiceInRole(role: role, other: first.name)))
    }
    hasDuplicates = true
    switch compare(first, second.descriptor) {
    case .equal:
      dropped.append((second.descriptor, "another name of \(first.name.text.quoted), which has the same values"))
    case .different:
      problems.append(TensorProblem(second.descriptor, .differsInRole(role: role, other: first.name)))
    case .undecodable:
      problems.append(TensorProblem(second.descriptor, .twiceInRole(role: role, other: first.name)))
    case .unread:
      dropped.append((second.descriptor, "another name of \(first.name.text.quoted) (values not compared)"))
    }
  }

  /// Compares tensors that only another scheme names with those that fill their slots; others are problems.
  private mutating func addOthers(_ tensors: [TensorDescriptor], _ scheme: NamingScheme) {
    guard !tensors.isEmpty else { return }
    let matchers = definition.schemes.filter { $0.name != scheme.name }.map { definition.matcher(of: $0) }
    for tensor in tensors {
      guard let second = mapped(tensor, by: matchers), let other = second.slots.compactMap({ locations[$0] }).first
      else {
        problems.append(TensorProblem(tensor, .unmapped(scheme: scheme.name)))
        continue
      }
      addSecond(second, other: self.tensors[other.tensorIndex])
    }
  }

  /// Returns the tensor in the first scheme that has its name; nil if none does.
  private func mapped(_ tensor: TensorDescriptor, by matchers: [ArchitectureDefinition.NameMatcher]) -> MappedTensor? {
    for matcher in matchers {
      guard case .tensor(let index, let layer, let instance)? = matcher.match(of: tensor.name),
        let layout = try? definition.layout(
          of: matcher.rules[index], hyperparameters, layer: layer, found: tensor.shape),
        layout.shape == tensor.shape
      else { continue }
      return MappedTensor(descriptor: tensor, ruleIndex: index, layout: layout, layer: layer, instance: instance)
    }
    return nil
  }

  /// Whether a tensor has the shape of a layout; llama.cpp's programs omit dimensions of 1 in a GGUF.
  private func hasDimensions(_ tensor: TensorDescriptor, of layout: StoredLayout) -> Bool {
    layout.shape == tensor.shape
      || facts.mayOmitLeadingOnes && layout.shape.droppingLeadingOnes() == tensor.shape
  }

  private mutating func layout(of tensor: TensorDescriptor, _ rule: StoredRule, layer: Int?) -> StoredLayout? {
    do throws(LayoutError) {
      let layout = try definition.layout(of: rule, hyperparameters, layer: layer, found: tensor.shape)
      if hasDimensions(tensor, of: layout) { return layout }
      if rule.isAlone, rule.tensors[0].mayHavePaddingRows, let count = tensor.shape.rowsBeyond(layout.shape) {
        padding.append(PaddingRows(tensor: tensor.name, count: count))
        return layout
      }
      problems.append(
        TensorProblem(
          tensor, .wrongShape(found: tensor.shape, expected: layout.shape, expression: definition.shapeWording(rule))))
      // It keeps its slot, so that a comparison can report that the shapes differ.
      return rule.isAlone ? try definition.canonicalLayout(of: rule.tensors[0], shape: tensor.shape) : nil
    } catch {
      problems.append(TensorProblem(tensor, TensorProblem.Reason(error)))
      return nil
    }
  }

  // MARK: - Missing tensors

  /// More missing tensors than this are not searched for.
  private static let missingLimit = 10_000

  private mutating func findMissing(_ rules: [StoredRule]) {
    var found: Set<TensorRole> = []
    // A tensor with a problem of its own is not missing.
    let faulty = Set(problems.map(\.name))
    for rule in rules {
      for tensor in rule.tensors where !tensor.isOptional && found.insert(tensor.role).inserted {
        // An explicit layer count may be any number, so the loop is bounded by the problems it finds.
        let layers = rule.isPerLayer ? count(tensor.layers, else: layerCount) : 1
        // A model may lack all layers that predict more tokens, but not some of them.
        let predicts = rule.isPerLayer && tensor.layers == nil && hasPredictionLayers
        let further = !predicts ? 0 : tensor.isOfPrediction ? min(1, predictionLayerCount) : predictionLayerCount
        let instances = tensor.instances == nil ? 1 : count(tensor.instances, else: 0)
        let first = tensor.isOfPrediction ? layers : rule.isPerLayer ? min(tensor.firstLayer, layers) : 0
        search: for layer in [first..<layers, layerCount..<layerCount + further].joined()
        where isRequired(tensor, in: rule.isPerLayer ? layer : nil) {
          for instance in 0..<instances {
            let slot = TensorSlot(
              tensor.role, layer: rule.isPerLayer ? layer : nil, instance: tensor.instances == nil ? nil : instance)
            guard locations[slot] == nil else { continue }
            let name = rule.name(layer: layer, instance: instance)
            if !faulty.contains(name) {
              problems.append(
                TensorProblem(
                  name, .missing(role: tensor.role), layer: slot.layer, requirement: tensor.requiredLayers?.description)
              )
            }
            if problems.count > Self.missingLimit { break search }
            // One name is the name of all instances.
            if !rule.isPerInstance { break }
          }
        }
      }
    }
  }

  /// Whether `layer` is one of those that the definition leaves out.
  private func isDropped(_ layer: Int) -> Bool {
    definition.predictionLayers?.dropReason != nil && layer >= layerCount && layer - layerCount < predictionLayerCount
  }

  /// Whether the layer must have the tensor; not where the formula for it cannot be computed.
  private func isRequired(_ rule: TensorRule, in layer: Int?) -> Bool {
    rule.requiredLayers.map { $0.flag(hyperparameters, layer: layer) ?? false } ?? true
  }

  private func count(_ expression: Expression?, else fallback: Int) -> Int {
    max(0, expression.map { $0.integer(hyperparameters) ?? 0 } ?? fallback)
  }
}

/// Rows of a stored tensor after those of its slot.
public struct PaddingRows: Sendable, Hashable, CustomStringConvertible {
  public let tensor: TensorName
  public let count: Int

  public var description: String {
    "dropped \(counted(count, "padding row")) of \(tensor.text.quoted): no token uses them"
  }
}

extension Shape {
  /// The rows that a matrix has beyond those of `other`; nil if it has none, or the row lengths differ.
  fileprivate func rowsBeyond(_ other: Shape) -> Int? {
    guard rank == 2, other.rank == 2, rowElementCount == other.rowElementCount, rowCount > other.rowCount else {
      return nil
    }
    return rowCount - other.rowCount
  }
}

extension MappedTensor {
  /// A transposed tensor whose composition has the matrices as rows, without either transposition: then rows of blocks are
  /// rows of the canonical tensors. Nil for other tensors.
  fileprivate var transposedBack: MappedTensor? {
    guard layout.transposedBlockCount == 1, let matrices = descriptor.composition?.transposed,
      let rows = try? StoredLayout(
        components: layout.components, columnCount: layout.columnCount, groupCount: layout.groupCount,
        instanceCount: layout.instanceCount), rows.shape == matrices.shape
    else { return nil }
    return MappedTensor(
      descriptor: TensorDescriptor(name: descriptor.name, shape: matrices.shape, contents: .composed(matrices)),
      ruleIndex: ruleIndex, layout: rows, layer: layer, instance: instance)
  }
}
