using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>Real tokenizers, which are never committed: the folder named by LONGCONTEXT_TOKENIZERS, else ../shared/tokenizers.</summary>
internal static class TokenizerFolders
{
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("LONGCONTEXT_TOKENIZERS") is { Length: > 0 } named ? named : Path.Combine(TestPaths.Shared, "tokenizers");

    /// <summary>Loads one; the running test is skipped where it is absent.</summary>
    public static HuggingFaceTokenizer Load(string name)
    {
        string folder = Path.Combine(Root, name);
        Assert.SkipUnless(
            File.Exists(Path.Combine(folder, "tokenizer.json")) || File.Exists(Path.Combine(folder, "tokenizer.model")),
            $"{folder} is not on this machine (set LONGCONTEXT_TOKENIZERS to the folder that holds it)");
        return HuggingFaceTokenizer.Load(folder);
    }
}
