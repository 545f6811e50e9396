using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Samples.Shared;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>A Hugging Face folder, run in this process.</summary>
internal static class LocalModel
{
    public static EvaluationModel Open(string folder, int? contextLength)
    {
        if (!Directory.Exists(folder)) throw new UsageException($"There is no folder {folder}.");
        Console.WriteLine($"Loading {folder}.");
        var client = LongContextChatClient.Load(folder, new LongContextChatClientOptions { ContextLength = contextLength });
        Console.WriteLine(FormattableString.Invariant(
            $"{client.ModelId}: a window of {client.ContextLength:N0} tokens, {(client.ChatFormat is null ? "no chat template, so it goes on with text" : "asked in its own chat format")}."));
        return client.ToEvaluationModel();
    }
}
