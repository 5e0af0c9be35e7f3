import Bytes
import Tensors

extension Checkpoint {
  /// Opens a checkpoint: a file of either container, any shard of a set, its index, or a model folder.
  ///
  /// Headers are read and validated whole; no tensor's data is read.
  public static func open(_ path: String) throws -> Checkpoint {
    let file = try InputFile(path)
    switch try FormatSniffer.container(of: file) {
    case .safeTensors:
      do throws(SafeTensorsError) {
        return Checkpoint(path: path, container: .safeTensors, contents: [try SafeTensors.read(file)])
      } catch {
        throw error.located(in: path)
      }
    case .gguf:
      do throws(GGUFError) {
        return Checkpoint(path: path, container: .gguf, contents: [try GGUF.read(file)])
      } catch {
        throw error.located(in: path)
      }
    }
  }

  init(path: String, container: Container, contents: [FileContents]) {
    self.init(
      container: container, path: path, files: contents.map(\.file),
      metadata: contents.first { !$0.metadata.pairs.isEmpty }?.metadata ?? Metadata(),
      tensors: contents.enumerated().flatMap { index, content in content.tensors.map { $0.inFile(index) } },
      containerFacts: contents.first?.facts ?? [:], remarks: contents.flatMap(\.remarks))
  }
}
