import Architectures
import Bytes
import Conversion
import Models
import Tensors
import TestSupport

/// Plans and carries out a conversion in one call, as the command line does.
@discardableResult
func convert(
  _ source: String, to destination: String, threads: Int = 2, library: ArchitectureLibrary? = nil,
  adapters: [String] = [],
  _ edit: (inout ConversionRequest) -> Void = { _ in }
) throws -> [TensorOutcome] {
  var request = ConversionRequest(destination: destination)
  edit(&request)
  let model = try Model.open(source, library: try library ?? .bundled(), adapters: adapters)
  return try Executor.run(try Planner.plan(model, request), threads: threads)
}

/// The bytes of every tensor of a checkpoint, by name.
func tensorBytes(_ path: String) throws -> [TensorName: [UInt8]] {
  let model = try Model.open(path, library: try .bundled())
  var result: [TensorName: [UInt8]] = [:]
  for tensor in model.checkpoint.tensors {
    result[tensor.name] = try model.checkpoint.files[tensor.fileIndex].bytes(
      at: tensor.fileOffset, count: tensor.byteCount)
  }
  return result
}
