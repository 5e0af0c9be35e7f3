import Architectures
import Bytes
import Models
import Tensors

/// The output matrix of a GGUF, which llama.cpp demands, accepts or refuses (`ArchitectureDefinition.ggufOutput`).
enum OutputMatrix {
  /// Adds a copy of the embedding where llama.cpp demands an output matrix and the model has none of its own.
  static func addCopy(to draft: inout PlanDraft, _ scheme: NamingScheme) {
    let definition = draft.model.definition, slot = TensorSlot(.output)
    guard draft.target == .gguf, definition.ggufOutput == .required, draft.model.location(slot) == nil,
      let rule = definition.storedRules(in: scheme).first(where: { $0.roles == [.output] }),
      let embedding = draft.tensors.first(where: { $0.purpose.roles == [.tokenEmbedding] }),
      let reader = embedding.reader, let source = reader.sources.first
    else { return }
    let name = rule.patterns[0].name(layer: nil)
    let isWanted = draft.departs(
      .copiedHead,
      "\(name.text.quoted) is a copy of \(embedding.name.text.quoted), to which the model ties it: llama.cpp does not load "
        + "\(definition.name) without it")
    guard isWanted else { return }
    var output = DraftTensor(name, PlannedTensor.Roles(roles: [.output], layer: nil, instance: nil), reader)
    // Where the converter would write it if the folder had it.
    output.converterOrder = ConverterOrder(
      fileIndex: source.descriptor.fileIndex, name: definition.canonicalName(of: slot))
    draft.tensors.append(output)
  }

  /// The stored output matrix that llama.cpp refuses in a GGUF, and the embedding that it uses in its place.
  static func refused(in draft: PlanDraft) -> (output: TensorDescriptor, embedding: TensorDescriptor)? {
    guard draft.target == .gguf, draft.model.definition.ggufOutput == .absent,
      let output = draft.model.tensor(TensorSlot(.output)),
      let embedding = draft.model.tensor(TensorSlot(.tokenEmbedding))
    else { return nil }
    return (output.descriptor, embedding.descriptor)
  }

  /// Whether a refused output matrix has the values of the embedding.
  static func equalsEmbedding(in draft: PlanDraft) throws -> Bool? {
    guard let (output, embedding) = refused(in: draft) else { return nil }
    let isAdapted = [.output, .tokenEmbedding].contains { draft.model.isAdapted(TensorSlot($0)) }
    return try !isAdapted && draft.model.checkpoint.haveEqualValues(output, embedding)
  }

  /// Leaves out a refused output matrix if it equals the embedding; another one is a problem.
  static func omitRefused(from draft: inout PlanDraft) {
    guard let (output, embedding) = refused(in: draft) else { return }
    let (name, original) = (output.name, embedding.name)
    guard draft.evidence.refusedOutputIsEqual != false else {
      switch draft.request.departures {
      case .apply:
        draft.problems.append(
          ConversionError.outputHasNoPlace(name, embedding: original, architecture: draft.model.definition.name))
      case .omit:
        draft.messages.append(.warning("\(name.text.quoted) is kept: \(Departure.droppedEqualHead.plainEffect)"))
      }
      return
    }
    let isWanted = draft.departs(
      .droppedEqualHead,
      "\(name.text.quoted) is left out because it equals \(original.text.quoted): llama.cpp does not load "
        + "\(draft.model.definition.name) with it")
    guard isWanted else { return }
    draft.tensors.removeAll { $0.purpose.roles == [.output] }
    draft.dropped.append((name, "equals \(original.text.quoted), which llama.cpp uses in its place"))
  }
}
