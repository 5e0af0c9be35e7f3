import Ingot

extension HelpTopic {
  /// The topics in the order of their list.
  static var all: [HelpTopic] {
    [
      HelpTopic(
        "types", "values of --type and quantize: recipes and storage formats",
        """
        auto   (default) each tensor keeps its format if the output container has it
        keep   the ggml format with exactly the values of each tensor: codes of GPTQ,
               AWQ, MLX and others are repacked, nothing is rounded
        F32, F16, BF16, Q8_0
               this format for matrices, by the rules of llama.cpp's converter;
               one-dimensional tensors stay F32 in a GGUF

        Any other name is a recipe where one has it: it gives each matrix its own
        format by rules, as llama-quantize does. --pure gives all matrices the
        recipe's default format. --dry-run prints the format and rule of each tensor.

        Recipes:
        \(words(Recipe.names))

        Storage formats that can be written:
        \(words(FormatArgument.names))

        ingot formats shows bits, block sizes and ggml types.
        """),
      HelpTopic(
        "naming", "values of --naming: how an output names its tensors",
        """
        A GGUF has llama.cpp's names. A folder or safetensors file has those of
        --naming, by default Hugging Face's (hf), or its own if it is read and written
        as safetensors. A rename copies every byte.

        Schemes of the bundled architectures:
        \(words(namingSchemes))

        ingot architectures NAME lists the names of an architecture in each scheme.
        """),
      HelpTopic(
        "sources", "which files and folders are read",
        """
        Model folders with config.json; any shard or the index of a sharded model;
        safetensors and GGUF files; PyTorch checkpoints (.bin, .pt, .pth), DCP, Meta's
        shards, Megatron-LM grids; NumPy .npz and .npy; ggml files older than GGUF; each
        of them also compressed as .gz or .zst.

        Encoded weights are decoded: GPTQ, AWQ, AutoRound, compressed-tensors, FP8,
        MXFP4, MXFP8, NVFP4, MLX, MLC, bitsandbytes.

        Models on servers, read in place: hf:org/repo, hf:org/repo@revision/file and
        https://host/file.

        Nothing in a file is run as code. ingot inspect names a form that is not read,
        with the next step.
        """),
      HelpTopic(
        "importance", "importance matrices (imatrix) for quantization",
        """
        An importance matrix has the mean squared input activation of every column of
        every matrix. Errors of quantization are then weighted by it, which matters
        most below 4 bits; recipes with IQ1, IQ2 or IQ3_XXS matrices require one.

          ingot imatrix model --file text.txt -o imatrix.gguf
          ingot quantize model-F16.gguf IQ2_XS --imatrix imatrix.gguf
          ingot imatrix show imatrix.gguf model-F16.gguf

        Text of the kind that the model will see, 100 chunks of 512 tokens or more, is
        enough. Files of llama-imatrix are read and written, GGUF and .dat.
        """),
      HelpTopic(
        "budget", "values of --budget: limits that decide the exit status",
        """
        A list of limits, such as nmse=1e-3,max_abs=0.1. If one is exceeded, the status
        is 1; convert and quantize then write nothing.

        convert, quantize, diff    \(Budget.Metric.ofTensors.map(\.rawValue).joined(separator: ", "))
        verify                     \(Budget.Metric.ofLogits.map(\.rawValue).joined(separator: ", "))

        auto means the usual errors of each tensor's format. cosine and top1 are
        minimums, the others maximums.
        """),
      HelpTopic(
        "sizes", "how sizes are written: 5G, 5GiB, 500M",
        """
        K, M, G and T are powers of ten, KiB, MiB, GiB and TiB powers of two; a B may
        follow, decimals are allowed: 5G is 5,000,000,000 bytes, 1.5GiB 1,610,612,736.
        Output uses KiB, MiB and GiB.
        """),
      HelpTopic(
        "exit-status", "what the exit status says",
        """
        \(ExitStatus.table)

        SIGINT, SIGTERM and SIGHUP remove incomplete files, which --resume keeps, and
        end the program by that signal: 130, 143 or 129 in a shell.
        """),
      HelpTopic(
        "environment", "variables of the environment",
        """
        NO_COLOR      if set, output has no color
        TERM          dumb: no color and no progress
        TMPDIR        folder for unpacked and intermediate data (default: /var/tmp)
        HF_TOKEN      token for models of the hub (hf:org/repo) that only some may read
        HF_ENDPOINT   server of the hub (default: https://huggingface.co)
        HF_HUB_CACHE  folder of downloaded models, which are read from there
        HF_HUB_OFFLINE  1: read models of the hub from that folder only
        HF_HUB_DOWNLOAD_TIMEOUT  seconds to wait for a server (default: 20)
        https_proxy, no_proxy, SSL_CERT_FILE  as curl reads them
        COLUMNS       columns that help is wrapped to, outside a terminal
        \(ProcessorBuild.variable)   build of a package to start: \(ProcessorBuild.allCases.map(\.rawValue).joined(separator: ", ")) (default: the best
                      for this processor; all write the same bytes)
        """),
    ]
  }

  /// The names, separated by commas, in lines of 80 columns.
  private static func words(_ names: [String]) -> String {
    names.joined(separator: ", ").lines(ofColumns: 80).joined(separator: "\n")
  }

  private static var namingSchemes: [String] {
    let definitions = (try? ArchitectureLibrary.bundled().definitions) ?? []
    return Set(definitions.flatMap { $0.writtenSchemes.map(\.name) }).sorted()
  }

}
