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
    let name = rule.name(layer: nil)
    let isWanted = draft.departs(
      .copiedHead,
      "\(name.text.quoted) is a copy of \(embedding.name.text.quoted), to which the model ties it: llama.cpp does not load "
        + "\(definition.name) without it")
    guard isWanted else { return }
    var output = DraftTensor(name, PlannedTensor.Roles(roles: [.output], layer: nil, instance: nil), reader)
    // Where the converter would write it if the folder had it.
    output.converterOrder = ConverterOrder(
      fileIndex: draft.model.checkpoint.storedFileIndex(of: source.descriptor), name: definition.canonicalName(of: slot)
    )
    draft.tensors.append(output)
  }

  /// The stored output matrix and the embedding, if the output depends on whether they are equal.
  ///
  /// That is so for a GGUF in which llama.cpp refuses an output matrix, and for a folder made of a GGUF in which it demands
  /// one: the copy of a tied embedding.
  static func compared(in draft: PlanDraft) -> (output: TensorDescriptor, embedding: TensorDescriptor)? {
    let demand = draft.model.definition.ggufOutput
    guard draft.target == .gguf ? demand == .absent : demand == .required && draft.usesGGUFNames,
      let output = draft.model.tensor(TensorSlot(.output)),
      let embedding = draft.model.tensor(TensorSlot(.tokenEmbedding))
    else { return nil }
    return (output.descriptor, embedding.descriptor)
  }

  /// Whether the output matrix has the values of the embedding; nil if nothing depends on it.
  static func equalsEmbedding(in draft: PlanDraft) throws -> Bool? {
    guard let (output, embedding) = compared(in: draft) else { return nil }
    let isAdapted = [.output, .tokenEmbedding].contains { draft.model.isAdapted(TensorSlot($0)) }
    return try !isAdapted && draft.model.checkpoint.haveEqualValues(output, embedding)
  }

  /// Decides on an output matrix that may be left out.
  static func decide(_ draft: inout PlanDraft) {
    guard let (output, embedding) = compared(in: draft) else { return }
    if draft.target == .gguf {
      omitRefused(output.name, embedding.name, from: &draft)
    } else if draft.evidence.outputEqualsEmbedding == true {
      draft.tiesOutput = true
      leaveOut(output.name, from: &draft, "equals \(embedding.name.text.quoted), to which config.json ties it")
    }
  }

  private static func leaveOut(_ name: TensorName, from draft: inout PlanDraft, _ reason: String) {
    draft.tensors.removeAll { $0.purpose.roles == [.output] }
    draft.dropped.append((name, reason))
  }

  /// Leaves out a refused output matrix if it equals the embedding; another one is a problem.
  private static func omitRefused(_ name: TensorName, _ original: TensorName, from draft: inout PlanDraft) {
    guard draft.evidence.outputEqualsEmbedding != false else {
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
    leaveOut(name, from: &draft, "equals \(original.text.quoted), which llama.cpp uses in its place")
  }
}
