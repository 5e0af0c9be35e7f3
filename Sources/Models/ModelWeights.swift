import Architectures
import Bytes
import Quantization
import Tensors

/// A model's weights as float32 in the canonical layout: what the forward pass and every comparison read.
public struct ModelWeights: WeightSource {
  /// The model.
  public let model: Model
  public let hyperparameters: Hyperparameters
  private let readers: [TensorSlot: RowReader]

  /// The treatment of hyperparameters that contradict each other.
  public enum Conflicts: Sendable {
    case refuse, ignore
  }

  /// Prepares to read `model`.
  ///
  /// - Throws: its problems, if it has any; tensors that cannot be decoded; invalid hyperparameters.
  public init(_ model: Model, conflicts: Conflicts = .refuse) throws {
    var problems = conflicts == .ignore ? model.problems.filter { !($0 is UnexplainedFactors) } : model.problems
    var readers: [TensorSlot: RowReader] = [:]
    for slot in model.slots {
      do {
        let reader = try model.canonicalReader(slot)
        guard Codec.canDecode(reader.format) else {
          throw TensorProblem(reader.sources[0].descriptor, .notDecodable(reader.format))
        }
        readers[slot] = reader
      } catch let error as any IngotError {
        problems.append(error)
      }
    }
    guard problems.isEmpty else {
      throw ProblemList(problems.map { LocatedError(path: model.checkpoint.path, reason: $0) })
    }
    self.model = model
    self.readers = readers
    do throws(HyperparameterError) {
      hyperparameters = try model.forwardPassHyperparameters()
    } catch {
      throw LocatedError(path: model.checkpoint.path, reason: error)
    }
  }

  public func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
    readers[TensorSlot(role, layer: layer, instance: instance)] != nil
  }

  public func readRows(
    _ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]
  ) throws {
    let slot = TensorSlot(role, layer: layer, instance: instance)
    guard let reader = readers[slot] else { throw AbsentTensor(path: model.checkpoint.path, slot: slot) }
    try reader.readValues(rows, into: &values)
  }
}

extension ModelWeights {
  /// Reads rows of a canonical tensor in their order, with values as the checkpoint stores them.
  public func readStoredValues(_ slot: TensorSlot, rows: Range<Int>, into values: inout [Float]) throws {
    guard let location = model.location(slot), let layout = model.canonicalLayout(slot) else {
      throw AbsentTensor(path: model.checkpoint.path, slot: slot)
    }
    let form = model.tensors[location.tensorIndex].layout.components[location.component].form
    let reader = try RowReader(model, layout.storing(form), layer: slot.layer, instance: slot.instance)
    try reader.readValues(rows, into: &values)
  }
}

/// A tensor that was asked for and is not there.
struct AbsentTensor: IngotError {
  let path: String
  let slot: TensorSlot
  var category: ErrorCategory { .input }
  var description: String { "\(path.escapedForDisplay): has no tensor for \(slot)" }
}

extension RowReader {
  /// Decodes rows of a canonical tensor into the head of `values`, which grows if it is too small.
  ///
  /// A vector counts as one row here, whether or not its elements move.
  public func readValues(_ rows: Range<Int>, into values: inout [Float]) throws {
    let stored = layout.shape.rank == 1 ? 0..<geometry.rowCount : rows
    var buffers = RowBuffers()
    swap(&buffers.values.floats, &values)
    defer { swap(&buffers.values.floats, &values) }
    try self.rows.readValues(stored, into: &buffers)
  }
}
