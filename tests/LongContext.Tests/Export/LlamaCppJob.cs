namespace LongContext.Tests.Export;

/// <summary>What llama.cpp is to do with a file (tests/Interop/llama-cpp/run.mjs).</summary>
internal sealed record LlamaCppJob(string Model)
{
    /// <summary>Window that it is opened with, in tokens.</summary>
    public int ContextSize { get; init; } = 256;

    public int VocabularySize { get; init; }

    /// <summary>Texts to be encoded, special tokens in them recognised, none added.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>Beginnings to be continued greedily.</summary>
    public IReadOnlyList<LlamaCppPrompt> Prompts { get; init; } = [];

    /// <summary>Sequences whose every next-token distribution is wanted.</summary>
    public IReadOnlyList<int[]> Sequences { get; init; } = [];
}
