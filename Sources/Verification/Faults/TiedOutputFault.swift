import Architectures
import Models

/// The output matrix is tied to the token embedding in one model and separate in the other.
struct TiedOutputFault: KnownFault {
  let id = FaultID.tiedOutput
  let summary = "the output matrix is tied to the token embedding in one model only, or contains the embedding"
  let detection = FaultDetection.structure

  func hypotheses(about tensor: SuspectTensor) throws -> [FaultHypothesis] {
    guard tensor.slot.role == .output, let words = try words(tensor) else { return [] }
    return [FaultHypothesis(self, tensor.slot, words, correction: ReferenceTensor())]
  }

  private func words(_ tensor: SuspectTensor) throws -> String? {
    let isTied = (tensor.reference.hyperparameters.tiesEmbeddings, tensor.candidate.hyperparameters.tiesEmbeddings)
    switch isTied {
    case (false, true): return "is tied to the token embedding, but is a separate matrix in the reference"
    case (true, false):
      return "is a separate matrix with other values, but is tied to the token embedding in the reference"
    case (true, true): return nil
    case (false, false):
      guard try tensor.distance(to: OtherSlot(slot: TensorSlot(.tokenEmbedding))) < 0.1 else { return nil }
      return "contains the token embedding, but is a separate matrix in the reference"
    }
  }
}

extension FaultID {
  public static let tiedOutput = Self("tied_output")
}
