import Architectures
import Bytes
import Models
import Tensors

extension ArchitecturePlanner {
  /// Tensors of the scheme that follow from the hyperparameters.
  func derivedTensors(_ scheme: NamingScheme) -> [DraftTensor] {
    model.definition.derived.compactMap { rule in
      guard let pattern = model.definition.pattern(of: rule, in: scheme),
        let values = model.hyperparameters.derivedValues(rule.role), let shape = Shape([values.count])
      else { return nil }
      return DraftTensor(
        pattern.name(layer: nil), PlannedTensor.Roles(roles: [rule.role], layer: nil, instance: nil), derived: values,
        shape: shape, rule: "follows from the rotary scaling")
    }
  }

  /// Every canonical tensor of the model in the tensor of the scheme that contains it, in the order of the input.
  mutating func layouts(_ scheme: NamingScheme) -> [DraftTensor] {
    let builder = LayoutBuilder(model, scheme, padding: draft.keepsAllTensors ? .keep : .drop)
    var tensors: [DraftTensor] = []
    var covered: Set<TensorSlot> = []
    for slot in model.slots where !covered.contains(slot) {
      do throws(TensorProblem) {
        guard let (tensor, slots) = try builder.tensor(holding: slot) else {
          if let rule = model.definition.rule(slot.role), let reason = rule.unusedReason {
            noteUnused(slot, reason)
            continue
          }
          draft.problems.append(ConversionError.cannotName(slot: "\(slot)", scheme: scheme.name))
          continue
        }
        for missing in slots where model.location(missing) == nil { noteZeros(missing, tensor) }
        covered.formUnion(slots)
        tensors.append(tensor)
      } catch {
        draft.problems.append(error)
      }
    }
    return tensors
  }
}

extension ArchitecturePlanner {
  /// Rows of a tensor for which the scheme has no name.
  private mutating func noteUnused(_ slot: TensorSlot, _ reason: String) {
    guard let layout = model.canonicalLayout(slot), let source = model.tensor(slot) else { return }
    draft.messages.append(
      .note(
        "\(counted(layout.logicalRowCount, "row")) of \(source.descriptor.name.text.quoted) "
          + "\(layout.logicalRowCount == 1 ? "is" : "are") left out: \(reason)"))
  }

  /// Rows of a tensor that the input does not have.
  private mutating func noteZeros(_ slot: TensorSlot, _ tensor: DraftTensor) {
    guard let component = tensor.reader?.layout.components.first(where: { $0.role == slot.role }),
      component.rowCount > 0, let reason = model.definition.rule(slot.role)?.unusedReason
    else { return }
    draft.messages.append(
      .note(
        "\(counted(component.rowCount, "row")) of \(tensor.name.text.quoted) "
          + "\(component.rowCount == 1 ? "is" : "are") zeros, which the input does not have: \(reason)"))
  }
}

/// Finds the tensors of a naming scheme that contain the canonical tensors of a model.
private struct LayoutBuilder {
  private let model: Model
  private let rules: [StoredRule]
  private let rulesByRole: [TensorRole: [Int]]
  /// Whether the output has the names of the input, so that each fused tensor stays as it is.
  private let isSameScheme: Bool
  private let padding: Padding

  /// What happens to the padding rows of an embedding.
  enum Padding { case keep, drop }

  init(_ model: Model, _ scheme: NamingScheme, padding: Padding) {
    self.model = model
    self.padding = padding
    rules = model.definition.storedRules(in: scheme)
    isSameScheme = scheme.name == model.scheme.name
    var byRole: [TensorRole: [Int]] = [:]
    for (index, rule) in rules.enumerated() {
      for role in rule.roles { byRole[role, default: []].append(index) }
    }
    rulesByRole = byRole
  }

  /// The tensor of the scheme that contains the canonical tensor `slot`, and all slots that it contains; nil if none does.
  func tensor(holding slot: TensorSlot) throws(TensorProblem) -> (tensor: DraftTensor, slots: [TensorSlot])? {
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
      if candidates.count > 1, slots.contains(where: { model.location($0) == nil && !isUnused($0) }) { continue }
      var reader = try RowReader(model, layout, layer: slot.layer, instance: instance)
      if padding == .keep, let padded = reader.paddedSource {
        reader = try RowReader(model.checkpoint, asStored: padded, slot)
      }
      let purpose = PlannedTensor.Roles(roles: rule.roles, layer: slot.layer, instance: instance)
      let name = rule.name(layer: slot.layer, instance: instance)
      return (DraftTensor(name, purpose, reader), slots)
    }
    return nil
  }

  private func isUnused(_ slot: TensorSlot) -> Bool { model.definition.rule(slot.role)?.unusedReason != nil }

  private func layout(of rule: StoredRule, for slot: TensorSlot) throws(TensorProblem) -> StoredLayout {
    do throws(LayoutError) {
      // What has two forms in one scheme keeps its own.
      let form = isSameScheme && rule.mayBeTurned ? model.tensor(slot)?.descriptor.shape : nil
      return try model.definition.layout(
        of: rule, model.hyperparameters, layer: slot.layer, found: form ?? model.canonicalLayout(slot)?.shape)
    } catch {
      throw TensorProblem(model.tensor(slot)?.descriptor.name ?? "", TensorProblem.Reason(error))
    }
  }
}

extension RowReader {
  /// The stored tensor, if the reader gives its rows as they are but for padding rows after them.
  fileprivate var paddedSource: TensorDescriptor? {
    guard sources.count == 1, !isAdapted, layout.components.count == 1, sources[0].layout == layout,
      sources[0].descriptor.shape.rowCount > layout.shape.rowCount
    else { return nil }
    return sources[0].descriptor
  }
}
