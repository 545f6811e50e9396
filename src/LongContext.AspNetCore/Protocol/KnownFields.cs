using LongContext.Evaluation;

namespace LongContext.AspNetCore.Protocol;

/// <summary>The fields that a body may have: what others mean is not known, and nobody is to believe that they counted.</summary>
internal static class KnownFields
{
    private const string Prefix = "longcontext_";

    /// <summary>Unknown ones that are told, and characters of each.</summary>
    private const int MostShown = 20, LongestShown = 60;

    /// <summary>The library's own.</summary>
    private static readonly string[] Own = [ChatOptionKeys.TokenTruncation, ChatOptionKeys.TokenDropping, ChatOptionKeys.PositionRemapping, ChatOptionKeys.JsonWhitespace];

    private static readonly HashSet<string> Known = new(
    [
        .. Own, .. UnsupportedFields.Names,
        // What is asked, and how the answer comes.
        "model", "messages", "prompt", "suffix", "stream", "stream_options", "n", "best_of", "echo", ChatOptionKeys.AddGenerationPrompt, ChatOptionKeys.ContinueFinalMessage, "add_special_tokens", "chat_template_kwargs",
        "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "documents", "audio", "modalities", "reasoning_effort", "include_reasoning", ChatOptionKeys.SeparateReasoning, "verbosity",
        // Lengths and ends.
        "max_tokens", "max_completion_tokens", "max_new_tokens", "n_predict", "min_tokens", "min_new_tokens", "stop", ChatOptionKeys.StopTokenIds, ChatOptionKeys.IgnoreEndOfSentence, "include_stop_str_in_output",
        "skip_special_tokens", "truncate_prompt_tokens", "truncation_side",
        // How tokens are chosen.
        "temperature", "top_p", "top_k", ChatOptionKeys.MinP, ChatOptionKeys.TypicalP, ChatOptionKeys.TopNSigma, "frequency_penalty", "presence_penalty", ChatOptionKeys.RepetitionPenalty, "repeat_penalty", "repeat_last_n",
        ChatOptionKeys.NoRepeatNGramSize, ChatOptionKeys.LogitBias, ChatOptionKeys.BadWords, "seed", "do_sample", "use_beam_search", ChatOptionKeys.LogProbabilities, ChatOptionKeys.TopLogProbabilities, ChatOptionKeys.PromptLogProbabilities,
        // The form.
        "response_format", "json_schema", "guided_json", ChatOptionKeys.Choices, ChatOptionKeys.Pattern, "regex", "structured_outputs",
        // Before and beside others.
        ChatOptionKeys.Priority, ChatOptionKeys.CacheSalt,
        // What says nothing of the answer.
        "user", "store", "metadata", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "request_id", "cache_prompt", "id_slot", "timings_per_token", "return_tokens_as_token_ids", "spaces_between_special_tokens",
        "prediction",
    ], StringComparer.Ordinal);

    /// <summary>The fields that are not known and left unheeded.</summary>
    /// <exception cref="ProtocolException">One begins as the library's own do, or the server takes none.</exception>
    public static IReadOnlyList<string> Unknown(JsonFields fields, OpenAIServerOptions limits)
    {
        List<string> unknown = [];
        foreach (string name in fields.Names())
        {
            if (Known.Contains(name)) continue;
            string shown = name.Length > LongestShown ? name[..(char.IsHighSurrogate(name[LongestShown - 1]) ? LongestShown - 1 : LongestShown)] + "…" : name;
            if (name.StartsWith(Prefix, StringComparison.Ordinal)) throw ProtocolException.Bad($"'{shown}' is unknown, expected one of {string.Join(", ", Own)}.", shown, "unknown_parameter");
            if (limits.RefusesUnknownFields) throw ProtocolException.Bad($"'{shown}' is not known here: leave it out.", shown, "unknown_parameter");
            if (unknown.Count < MostShown) unknown.Add(shown);
        }

        return unknown;
    }
}
