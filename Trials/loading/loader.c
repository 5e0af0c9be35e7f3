// Loads a GGUF with llama.cpp, runs tokens and tokenizes texts.
//
// Usage: loader MODEL TEXTS LOGITS [TOKEN ...]
//
// TEXTS has the texts, each followed by a zero byte. The float32 logits of the last token are written to LOGITS; of an encoder,
// the embedding of every token. Standard output has two lines a text: its ids, and its ids with special tokens around them.
// The status is 1 if the model does not load, 2 if it does not run; the errors of llama.cpp are on standard error.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llama.h"

static char errors[4096];

static void keep_errors(enum ggml_log_level level, const char * text, void * data) {
    (void) data;
    size_t length = strlen(errors);
    if (level == GGML_LOG_LEVEL_ERROR) snprintf(errors + length, sizeof errors - length, "%s", text);
}

static int fail(int status, const char * what) {
    fprintf(stderr, "%s: %s\n", what, errors);
    return status;
}

static char * contents(const char * path, long * size) {
    FILE * file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    char * bytes = malloc(*size + 1);
    if (fread(bytes, 1, *size, file) != (size_t) *size) return NULL;
    fclose(file);
    return bytes;
}

static void print_ids(const struct llama_vocab * vocab, const char * text, int length, bool special) {
    int capacity = length + 16;
    llama_token * ids = malloc(capacity * sizeof *ids);
    int count = llama_tokenize(vocab, text, length, ids, capacity, special, true);
    for (int i = 0; i < count; i++) printf(i ? " %d" : "%d", ids[i]);
    puts(count < 0 ? "too many" : "");
    free(ids);
}

int main(int argc, char ** argv) {
    if (argc < 4) return 64;
    llama_log_set(keep_errors, NULL);
    llama_backend_init();
    struct llama_model_params model_parameters = llama_model_default_params();
    model_parameters.n_gpu_layers = 0;
    struct llama_model * model = llama_model_load_from_file(argv[1], model_parameters);
    if (!model) return fail(1, "does not load");
    const struct llama_vocab * vocab = llama_model_get_vocab(model);
    int count = argc - 4, width = llama_vocab_n_tokens(vocab);
    if (count > 0) {
        bool is_encoder = llama_model_has_encoder(model) && !llama_model_has_decoder(model);
        struct llama_context_params parameters = llama_context_default_params();
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = count + 8;
        parameters.embeddings = is_encoder;
        parameters.n_threads = parameters.n_threads_batch = 1;
        parameters.type_k = parameters.type_v = GGML_TYPE_F32;
        parameters.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
        struct llama_context * context = llama_init_from_model(model, parameters);
        if (!context) return fail(2, "makes no context");
        llama_token * tokens = malloc(count * sizeof *tokens);
        for (int i = 0; i < count; i++) tokens[i] = atoi(argv[4 + i]);
        struct llama_batch batch = llama_batch_get_one(tokens, count);
        llama_token start = llama_model_decoder_start_token(model);
        const float * values = NULL;
        if (llama_model_has_encoder(model)) {
            if (llama_encode(context, batch)) return fail(2, "does not encode");
            batch = llama_batch_get_one(&start, 1);
        }
        if (is_encoder) {
            values = llama_get_embeddings(context);
            width = llama_model_n_embd(model) * count;
        } else {
            if (llama_decode(context, batch)) return fail(2, "does not run");
            values = llama_get_logits_ith(context, -1);
            if (!values) {
                values = llama_get_embeddings(context);
                width = llama_model_n_embd(model);
            }
        }
        if (!values) return fail(2, "gives nothing");
        for (int i = 0; i < width; i++)
            if (!isfinite(values[i])) return fail(2, "gives a number that is not finite");
        FILE * file = fopen(argv[3], "wb");
        if (!file || fwrite(values, sizeof *values, width, file) != (size_t) width || fclose(file)) return 3;
    }
    long size = 0;
    char * texts = contents(argv[2], &size);
    if (!texts) return 3;
    for (char * text = texts; text < texts + size; text += strlen(text) + 1) {
        print_ids(vocab, text, strlen(text), false);
        print_ids(vocab, text, strlen(text), true);
    }
    return 0;
}
