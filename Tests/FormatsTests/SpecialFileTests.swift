import Bytes
import Formats
import Synchronization
import TestSupport
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Files that are not what they claim get a diagnosis of their own.
@Suite("A file")
struct SpecialFileTests {
  let folder = TemporaryFolder()

  static let pointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"

  static let contents: [HostileFile] = [
    HostileFile(
      name: "m.safetensors", bytes: Array((pointer + "size 1234567890\n").utf8),
      message: "is a Git LFS pointer to a file of 1,234,567,890 bytes (fetch it with git lfs pull)"),
    HostileFile(
      name: "pointer.gguf", bytes: Array(pointer.utf8), message: "is a Git LFS pointer (fetch it with git lfs pull)"),
    HostileFile(
      name: "page.gguf", bytes: Array("\n <!DOCTYPE HTML>\n<html>".utf8),
      message: "is an HTML page: the download got a web page in place of the file (fetch it again)"),
    HostileFile(
      name: "page.safetensors", bytes: [0xEF, 0xBB, 0xBF] + Array("<html lang=en>".utf8),
      message: "is an HTML page: the download got a web page in place of the file (fetch it again)"),
    HostileFile(
      name: "zeros.safetensors", bytes: [UInt8](repeating: 0, count: 10_000),
      message: "begins with 4,096 zero bytes: the download was reserved but not written (fetch it again)"),
    HostileFile(
      name: "zeros.gguf", bytes: [UInt8](repeating: 0, count: 64),
      message: "begins with 64 zero bytes: the download was reserved but not written (fetch it again)"),
    HostileFile(
      name: "pytorch_model.bin", bytes: [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0],
      message: "is a zip archive, as PyTorch checkpoints are, which are not read (save the model as safetensors)"),
    HostileFile(
      name: "old.pt", bytes: [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20],
      message: "is a pickle, as old PyTorch checkpoints are, which are not read (save the model as safetensors)"),
    HostileFile(
      name: "ggml.bin", bytes: Array("tjgg".utf8) + [3, 0, 0, 0, 0, 0],
      message: "is a legacy ggjt file, a predecessor of GGUF, which is not read"
        + " (convert it with llama.cpp's convert_llama_ggml_to_gguf.py)"),
    HostileFile(
      name: "noise", bytes: [1, 2, 3, 250, 5, 6, 7, 8, 9],
      message: "is neither safetensors nor GGUF (begins with 01 02 03 fa 05 06 07 08)"),
    HostileFile(
      name: "missing.safetensors", bytes: Array("Entry not found".utf8),
      message: "is plain text, expected a checkpoint (begins with \"Entry not found\")"),
    HostileFile(
      name: "denied.gguf", bytes: Array("{\"error\":\"Invalid username or password.\"}\n".utf8),
      message: "is plain text, expected a checkpoint (begins with \"{\"error\":\"Invalid username or pa\")"),
    HostileFile(
      name: "umlauts.gguf", bytes: Array(("x" + String(repeating: "ü", count: 4096)).utf8),
      message: "is plain text, expected a checkpoint (begins with \"x\(String(repeating: "ü", count: 31))\")"),
    HostileFile(name: "short", bytes: [7], message: "is neither safetensors nor GGUF (begins with 07)"),
    HostileFile(name: "short.gguf", bytes: Array("GG".utf8), message: "begins with 47 47, expected \"GGUF\""),
    HostileFile(name: "empty.gguf", bytes: [], message: "is empty, expected a checkpoint"),
    HostileFile(
      name: "config.json", bytes: Array("{\"model_type\": \"llama\"}".utf8),
      message: "has no \"weight_map\", so it is not an index of shards (pass the model's folder or its weights)"),
    HostileFile(name: "empty.json", bytes: [], message: "is empty, expected JSON"),
    HostileFile(
      name: "hostile\u{1b}[2J\n.gguf", bytes: [], message: "is empty, expected a checkpoint"),
  ]

  @Test("diagnoses", arguments: contents)
  func diagnosis(file: HostileFile) throws {
    let path = try folder.writeUnflushed(file.bytes, to: file.name)
    #expect(failure { try Checkpoint.open(path) } == "\(path.escapedForDisplay): \(file.message)")
  }

  @Test("is recognized by content before its name")
  func content() throws {
    let safeTensors = try folder.write(SafeTensorsBytes("{}").bytes, to: "a.gguf")
    #expect(try Checkpoint.open(safeTensors).container == .safeTensors)
    let gguf = try folder.write(GGUFBytes().headerBytes, to: "b.safetensors")
    #expect(try Checkpoint.open(gguf).container == .gguf)
  }

  @Test("is refused if it is not a regular file")
  func irregular() throws {
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(failure { try Checkpoint.open(pipe) } == "\(pipe): is a pipe, expected a regular file")
    #expect(failure { try Checkpoint.open("/dev/random") } == "/dev/random: is a device, expected a regular file")
    let missing = folder.file("missing.gguf")
    #expect(failure { try Checkpoint.open(missing) } == "\(missing): cannot be opened: no such file or folder")
    let loop = folder.file("loop.gguf")
    #expect(symlink(loop, loop) == 0)
    #expect(failure { try Checkpoint.open(loop) }.hasPrefix("\(loop): cannot be opened: "))
  }

  @Test("is followed if it is a link to a regular file")
  func links() throws {
    let blob = try folder.write(GGUFBytes().headerBytes, to: "blob")
    let link = folder.file("model.gguf")
    #expect(symlink(blob, link) == 0)
    #expect(try Checkpoint.open(link).container == .gguf)
  }

  @Test(
    "of a sparse file of 8 GiB only the header is read",
    arguments: [
      SafeTensorsBytes("{}").bytes, [0xFF, 0xE0, 0xF5, 5, 0, 0, 0, 0, 0x7B], GGUFBytes().headerBytes,
      {
        var file = GGUFBytes()
        file.declaredTensorCount = 300_000_000
        file.statedPairCount = 300_000_000
        return file.headerBytes
      }(),
    ])
  func sparse(bytes: [UInt8]) throws {
    let path = try folder.writeUnflushed(bytes, to: "sparse")
    #expect(truncate(path, 8 << 30) == 0)
    let source = CountingSource(try LocalFile(path))
    _ = failure { try Checkpoint.open(InputLocation(folder: LocalFolder(folder.path), file: source)) }
    #expect(source.readByteCount <= SafeTensors.maximumHeaderByteCount + (1 << 20))
  }
}

/// A file that counts how many of its bytes are read.
private final class CountingSource: ByteSource {
  private let file: LocalFile
  private let count = Mutex(0)

  init(_ file: LocalFile) { self.file = file }

  var path: String { file.path }
  var byteCount: Int { file.byteCount }
  var readByteCount: Int { count.withLock { $0 } }

  func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    self.count.withLock { $0 += count }
    try file.read(at: offset, count: count, into: &buffer, at: position)
  }

  func requireUnchanged() throws(FileError) { try file.requireUnchanged() }
}
