import Architectures
import Models
import Tensors

/// A tensor of the output, of which all but the storage format is decided.
struct OutputLayout {
  let name: TensorName
  let purpose: PlannedTensor.Roles
  let reader: RowReader

  /// Its extents in the output.
  var shape: Shape { reader.layout.shape }
}

extension Planner {
  /// Every canonical tensor of the model in the tensor that the scheme has for it, in the order of the input.
  mutating func arrangedTensors(_ scheme: NamingScheme) -> [OutputLayout] {
    let arranger = OutputLayoutBuilder(model, scheme)
    var arranged: [OutputLayout] = []
    var covered: Set<TensorSlot> = []
    for slot in model.slots where !covered.contains(slot) {
      do throws(TensorProblem) {
        guard let tensor = try arranger.tensor(holding: slot) else {
          problems.append(ConversionError.cannotName(place: "\(slot)", scheme: scheme.name))
          continue
        }
        covered.formUnion(tensor.slots)
        arranged.append(tensor.arranged)
      } catch {
        problems.append(error)
      }
    }
    return arranged
  }
}

/// Finds the tensors of a naming scheme that hold the canonical tensors of a model.
private struct OutputLayoutBuilder {
  private let model: Model
  private let rules: [StoredRule]
  private let rulesByRole: [TensorRole: [Int]]
  /// Whether the output has the names of the input, so that each tensor stays packed as it is.
  private let isSameScheme: Bool

  init(_ model: Model, _ scheme: NamingScheme) {
    self.model = model
    rules = model.definition.storedRules(in: scheme)
    isSameScheme = scheme.name == model.scheme.name
    var byRole: [TensorRole: [Int]] = [:]
    for (index, rule) in rules.enumerated() {
      for role in rule.roles { byRole[role, default: []].append(index) }
    }
    rulesByRole = byRole
  }

  /// The tensor of the scheme that holds the canonical tensor at `slot`, and all that it holds; nil if none does.
  func tensor(holding slot: TensorSlot) throws(TensorProblem) -> (arranged: OutputLayout, slots: [TensorSlot])? {
    var candidates = rulesByRole[slot.role] ?? []
    if isSameScheme, let own = model.tensor(slot)?.ruleIndex { candidates = [own] }
    for index in candidates {
      let rule = rules[index]
      let layout = try layout(of: rule, for: slot)
      let instance = rule.isPerInstance ? slot.instance : nil
      let slots = (0..<(layout.instanceCount ?? 1)).flatMap { stacked in
        rule.roles.map { TensorSlot($0, layer: slot.layer, instance: layout.instanceCount == nil ? instance : stacked) }
      }
      // Where several ways exist, one whose other tensors are missing is not meant.
      if candidates.count > 1, slots.contains(where: { model.location($0) == nil }) { continue }
      let reader = try RowReader(model, layout, layer: slot.layer, instance: instance)
      let purpose = PlannedTensor.Roles(roles: rule.roles, layer: slot.layer, instance: instance)
      let name = rule.patterns[0].name(layer: slot.layer, instance: instance)
      return (OutputLayout(name: name, purpose: purpose, reader: reader), slots)
    }
    return nil
  }

  private func layout(of rule: StoredRule, for slot: TensorSlot) throws(TensorProblem) -> StoredLayout {
    do throws(LayoutError) {
      return try model.definition.layout(
        of: rule, model.parameters, found: model.canonicalLayout(slot)?.shape)
    } catch {
      throw TensorProblem(model.tensor(slot)?.descriptor.name ?? "", TensorProblem.Reason(error))
    }
  }
}
