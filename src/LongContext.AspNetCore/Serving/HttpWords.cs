using System.Text.RegularExpressions;
using LongContext.Evaluation;

namespace LongContext.AspNetCore.Serving;

/// <summary>Says what is wrong with a request in the names of its fields: a model's client speaks of chat options and their members.</summary>
internal static partial class HttpWords
{
    /// <summary>Members of chat options and of generation options, by the fields that they come from.</summary>
    private static readonly Dictionary<string, string> Fields = new(StringComparer.Ordinal)
    {
        ["Tools"] = "tools", ["ToolMode"] = "tool_choice", ["StopSequences"] = "stop", ["ResponseFormat"] = "response_format", ["MaxOutputTokens"] = "max_tokens", ["ModelId"] = "model",
        ["MaximumNewTokens"] = "max_tokens", ["MinimumNewTokens"] = ChatOptionKeys.MinimumNewTokens, ["Temperature"] = "temperature", ["TopK"] = "top_k", ["TopP"] = "top_p", ["MinP"] = ChatOptionKeys.MinP,
        ["TypicalP"] = ChatOptionKeys.TypicalP, ["TopNSigma"] = ChatOptionKeys.TopNSigma, ["RepetitionPenalty"] = ChatOptionKeys.RepetitionPenalty, ["FrequencyPenalty"] = "frequency_penalty", ["PresencePenalty"] = "presence_penalty",
        ["NoRepeatNGramSize"] = ChatOptionKeys.NoRepeatNGramSize, ["LogitBias"] = ChatOptionKeys.LogitBias, ["BadWordIds"] = ChatOptionKeys.BadWords, ["Seed"] = "seed", ["LogProbabilities"] = ChatOptionKeys.LogProbabilities,
        ["PromptLogProbabilities"] = ChatOptionKeys.PromptLogProbabilities, ["TokenTruncation"] = ChatOptionKeys.TokenTruncation, ["AttentionSinks"] = ChatOptionKeys.TokenDropping,
        ["PromptSelection"] = ChatOptionKeys.TokenDropping, ["SelfExtend"] = ChatOptionKeys.PositionRemapping, ["DualChunkAttention"] = ChatOptionKeys.PositionRemapping,
    };

    /// <summary>The message, and the first field that it names; null where it names none.</summary>
    public static (string Message, string? Field) Of(string message)
    {
        string? first = null;
        string said = Names().Replace(message, found =>
        {
            string? field = found.Groups["key"] is { Success: true } key ? key.Value
                : Fields.GetValueOrDefault(found.Groups["member"].Success ? found.Groups["member"].Value : found.Groups["owner"].Value);
            if (field is null) return found.Value;
            if (found.Groups["token"] is { Success: true } token) field += "." + token.Value;
            first ??= field;
            return found.Groups["owner"].Success ? $"'{field}':" : $"'{field}'{found.Groups["rest"].Value}";
        });
        return (said.Replace("the client has no chat format", "the model has no chat template, so that none of its words are known for them", StringComparison.Ordinal), first);
    }

    /// <summary>ChatOptions.AdditionalProperties["x"], ChatOptions.X[0], "GenerationOptions: X …", "TokenTruncation: …" and the like at the beginning.</summary>
    [GeneratedRegex("""ChatOptions\.AdditionalProperties\["(?<key>[a-z_]+)"\](?:\["(?<token>[^"]*)"\])?|ChatOptions\.(?<member>[A-Za-z]+)(?<rest>\[\d+\])?|^GenerationOptions: (?<member>[A-Za-z]+)|^(?<owner>[A-Z][A-Za-z]+):""", RegexOptions.CultureInvariant)]
    private static partial Regex Names();
}
