import Architectures
import Models
import Tensors

/// A tensor of the output, of which all but the storage format is decided.
struct ArrangedTensor {
  let name: TensorName
  let purpose: PlannedTensor.Purpose
  let reader: RowReader

  /// Its extents in the output.
  var shape: Shape { reader.layout.shape }
}

extension Planner {
  /// Every canonical tensor of the model in the tensor that the scheme has for it, in the order of the input.
  mutating func arrangedTensors(_ scheme: NamingScheme) -> [ArrangedTensor] {
    let arranger = TensorArranger(model, scheme)
    var arranged: [ArrangedTensor] = []
    var covered: Set<TensorPlace> = []
    for place in model.places where !covered.contains(place) {
      do throws(TensorProblem) {
        guard let tensor = try arranger.tensor(holding: place) else {
          problems.append(ConversionError.cannotName(place: "\(place)", scheme: scheme.name))
          continue
        }
        covered.formUnion(tensor.places)
        arranged.append(tensor.arranged)
      } catch {
        problems.append(error)
      }
    }
    return arranged
  }
}

/// Finds the tensors of a naming scheme that hold the canonical tensors of a model.
private struct TensorArranger {
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

  /// The tensor of the scheme that holds the canonical tensor at `place`, and all that it holds; nil if none does.
  func tensor(holding place: TensorPlace) throws(TensorProblem) -> (arranged: ArrangedTensor, places: [TensorPlace])? {
    var candidates = rulesByRole[place.role] ?? []
    if isSameScheme, let own = model.tensor(place)?.ruleIndex { candidates = [own] }
    for index in candidates {
      let rule = rules[index]
      let layout = try layout(of: rule, for: place)
      let part = rule.isPerPart ? place.part : nil
      let places = (0..<(layout.partCount ?? 1)).flatMap { stacked in
        rule.roles.map { TensorPlace($0, layer: place.layer, part: layout.partCount == nil ? part : stacked) }
      }
      // Where several ways exist, one whose other tensors are missing is not meant.
      if candidates.count > 1, places.contains(where: { model.location($0) == nil }) { continue }
      let reader = try RowReader(model, layout, layer: place.layer, part: part)
      let purpose = PlannedTensor.Purpose(roles: rule.roles, layer: place.layer, part: part)
      let name = rule.patterns[0].name(layer: place.layer, part: part)
      return (ArrangedTensor(name: name, purpose: purpose, reader: reader), places)
    }
    return nil
  }

  private func layout(of rule: StoredRule, for place: TensorPlace) throws(TensorProblem) -> StoredLayout {
    do throws(LayoutMisfit) {
      return try model.definition.layout(
        of: rule, model.parameters, found: model.canonicalLayout(place)?.shape)
    } catch {
      throw TensorProblem(model.tensor(place)?.descriptor.name ?? "", TensorProblem.Fact(error))
    }
  }
}
