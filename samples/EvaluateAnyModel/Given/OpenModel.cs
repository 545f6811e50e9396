using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Remote;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>Models ready to be evaluated, with a line about each.</summary>
internal static class OpenModel
{
    /// <summary>A Hugging Face folder, run in this process.</summary>
    public static EvaluationModel Local(string folder, int? contextLength)
    {
        if (!Directory.Exists(folder)) throw new UsageException($"There is no folder {folder}.");
        Console.WriteLine($"Loading {folder}.");
        var client = LongContextChatClient.Load(folder, new LongContextChatClientOptions { ContextLength = contextLength });
        Console.WriteLine(FormattableString.Invariant(
            $"{client.ModelId}: a window of {client.ContextLength:N0} tokens, {(client.ChatFormat is null ? "no chat template, so it goes on with text" : "asked in its own chat format")}."));
        return client.ToEvaluationModel();
    }

    /// <summary>A model behind an OpenAI-compatible server.</summary>
    /// <param name="remote">Where it is.</param>
    /// <param name="tokenizerFolder">A folder with its tokenizer, or null.</param>
    /// <param name="contextLength">Tokens that fit, or null where nobody knows.</param>
    public static EvaluationModel Remote(RemoteModel remote, string? tokenizerFolder, int? contextLength)
    {
        Tokenizer tokenizer = tokenizerFolder is null ? TiktokenTokenizer.CreateForEncoding("o200k_base") : HuggingFaceTokenizer.Load(tokenizerFolder);
        Console.WriteLine($"{remote}.");
        Console.WriteLine(tokenizerFolder is null
            ? "Lengths are estimates, counted by GPT-4o's tokenizer (o200k_base); --tokenizer FOLDER counts by the model's own."
            : $"Lengths are counted by the tokenizer in {tokenizerFolder}.");
        return new EvaluationModel { Name = remote.FullName, Client = remote.CreateChatClient(), Tokenizer = tokenizer, ContextLength = contextLength };
    }
}
