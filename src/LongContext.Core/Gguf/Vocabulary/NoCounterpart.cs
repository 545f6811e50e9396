using LongContext.Tokenization;

namespace LongContext.Gguf.Vocabulary;

/// <summary>Complaints about what this library's tokenizers do and llama.cpp's do not.</summary>
internal static class NoCounterpart
{
    public static NotSupportedException For(HuggingFaceTokenizer tokenizer, string what, string supported) =>
        new($"{tokenizer.VocabularyFile}: {what} in a GGUF file is not supported (supported: {supported}).");
}
