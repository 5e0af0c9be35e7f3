import Architectures
import Bytes
import Quantization
import Tensors

extension Checkpoint {
  /// The checkpoint with tensors of an adapter in place of its own, and the adapter's files after its own.
  ///
  /// - Throws: if the adapter replaces what is not there.
  func replacing(with adapter: LoRAAdapter) throws(AdapterError) -> Checkpoint {
    var tensors = tensors
    for (name, replacement) in adapter.replacements {
      guard let index = tensors.firstIndex(where: { $0.name == name }) else { throw .noWeight(name.text) }
      tensors[index] = replacement.inFile(files.count + replacement.fileIndex, named: name)
    }
    return Checkpoint(
      container: container, path: path, files: files + adapter.files, metadata: metadata, tensors: tensors,
      containerFacts: containerFacts, remarks: remarks)
  }
}

extension Model {
  /// An adapter as the user named it.
  public struct Adapter: Sendable {
    /// The path of its folder.
    public let path: String
    /// Its files.
    public let files: [any ByteSource]
  }

  /// The model with the updates of an adapter, whose files follow those of `base`.
  ///
  /// The adapter's names are those of the model it was trained on, in any scheme of the definition. They need not be the
  /// names of this model, and layouts and container may differ too.
  func adding(_ adapter: LoRAAdapter, to base: Checkpoint) throws(AdapterError) -> Model {
    let firstFile = base.files.count
    let schemes = [scheme] + definition.schemes.filter { $0.name != scheme.name }
    let readers = schemes.map { definition.matcher(of: $0) }
    var model = self
    for (name, _) in adapter.replacements {
      for slot in tensors.first(where: { $0.descriptor.name == name })?.slots ?? [] {
        model.locations[slot]?.adaptation.formatBefore = base.tensor(name)?.format
      }
    }
    for pair in adapter.pairs {
      let (rule, layer, instance) = try rule(of: pair.weight, readers)
      let slot = TensorSlot(rule.roles[0], layer: layer, instance: rule.isPerInstance ? instance : nil)
      let update = try update(pair, rule, slot, firstFile: firstFile)
      for (index, role) in rule.roles.enumerated() {
        let slot = TensorSlot(role, layer: layer, instance: slot.instance)
        guard location(slot) != nil else { throw .noWeight(pair.weight.text) }
        model.locations[slot]?.adaptation.updates.append(update(index))
      }
    }
    model.adapters.append(Adapter(path: adapter.path, files: adapter.storedFiles))
    model.remarks += [adapter.remark]
    return model
  }

  /// Whether adapters change the canonical tensor at `slot`.
  public func isAdapted(_ slot: TensorSlot) -> Bool { locations[slot]?.adaptation.updates.isEmpty == false }

  /// The storage format of the values of the canonical tensor at `slot`: that of the file, or F32 if adapters change
  /// them; nil if it is absent or unknown.
  public func valueFormat(_ slot: TensorSlot) -> StorageFormat? {
    isAdapted(slot) ? .f32 : tensor(slot)?.descriptor.format
  }

  /// The tensors that the schemes store under `name`; in the model's own, an adapter has the model's transforms.
  private func rule(
    of name: TensorName, _ readers: [ArchitectureDefinition.NameMatcher]
  ) throws(AdapterError) -> (rule: StoredRule, layer: Int?, instance: Int?) {
    for (index, reader) in readers.enumerated() {
      guard case .tensor(let rule, let layer, let instance) = reader.match(of: name) else { continue }
      return (reader.rules[rule].storing(index == 0 ? appliedTransforms.states : [:]), layer, instance)
    }
    throw .noWeight(name.text)
  }

  /// The update of each component of a weight.
  private func update(
    _ pair: LoRAAdapter.LoRAPair, _ rule: StoredRule, _ slot: TensorSlot, firstFile: Int
  ) throws(AdapterError) -> (Int) -> LoRAUpdate {
    let layout: StoredLayout
    do throws(LayoutError) {
      layout = try definition.layout(of: rule, hyperparameters, layer: slot.layer, found: canonicalLayout(slot)?.shape)
    } catch {
      throw .noWeight(pair.weight.text)
    }
    guard layout.instanceCount == nil else { throw .stacked(pair.weight.text) }
    func factor(_ factor: LoRAUpdate.Factor) -> LoRAUpdate.Factor {
      let tensor = factor.tensor
      return LoRAUpdate.Factor(
        tensor: tensor.inFile(firstFile + tensor.fileIndex), isTransposed: factor.isTransposed)
    }
    let (up, down) = (factor(pair.up), factor(pair.down))
    guard up.dimensions[0] == layout.logicalRowCount, down.dimensions[1] == layout.columnCount else {
      throw .wrongFactors(
        module: pair.module, found: "the factors make a matrix of \(up.dimensions[0]) × \(down.dimensions[1])",
        expected: "\(layout.logicalRowCount) × \(layout.columnCount)")
    }
    for tensor in [pair.up.tensor, pair.down.tensor] {
      guard let format = tensor.format, format.elementsPerBlock == 1, Codec.canDecode(format) else {
        throw .wrongFactors(
          module: pair.module, found: "\(tensor.name.text) is stored as \(tensor.declaredFormat)",
          expected: "F32, F16 or BF16")
      }
    }
    return { LoRAUpdate(up: up, down: down, scale: pair.scale, layout: layout, component: $0) }
  }
}

extension LoRAAdapter {
  /// The adapter in one line.
  fileprivate var remark: String {
    let ranks = Set(pairs.map(\.rank)).sorted().map(String.init).joined(separator: ", ")
    var words: [String] = []
    if !pairs.isEmpty { words.append("adds to \(counted(pairs.count, "weight")) (rank \(ranks))") }
    if !replacements.isEmpty { words.append("replaces \(counted(replacements.count, "tensor"))") }
    return "adapter \(path.escapedForDisplay) \(words.joined(separator: " and "))"
  }
}
