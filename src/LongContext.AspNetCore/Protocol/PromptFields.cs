using System.Text.Json;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Positions;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>What is done with a prompt that is long: vLLM's "truncate_prompt_tokens", and the library's own options under the names of <see cref="ChatOptionKeys"/>.</summary>
/// <remarks>The own ones are strict: a member that is not known is refused by name.</remarks>
internal static class PromptFields
{
    public static void Read(JsonFields fields, OpenAIServerOptions limits, ChatOptions options)
    {
        if ((Truncated(fields) ?? Truncation(fields, limits)) is { } truncation) (options.AdditionalProperties ??= [])[ChatOptionKeys.TokenTruncation] = truncation;
        if (Dropping(fields) is { } dropping) (options.AdditionalProperties ??= [])[ChatOptionKeys.TokenDropping] = dropping;
        if (Whitespace(fields) is { } blanks) (options.AdditionalProperties ??= [])[ChatOptionKeys.JsonWhitespace] = blanks;
        if (Remapping(fields) is { } remapping) (options.AdditionalProperties ??= [])[ChatOptionKeys.PositionRemapping] = remapping;
    }

    /// <summary>The last tokens are kept, as vLLM keeps them, unless the side says otherwise.</summary>
    private static TokenTruncation? Truncated(JsonFields fields)
    {
        const string field = "truncate_prompt_tokens", side = "truncation_side";
        string? cut = fields.String(side);
        double share = cut switch
        {
            null or "left" => 0,
            "middle" => 0.5,
            "right" => 1,
            _ => throw ProtocolException.Bad($"'{side}' is unknown, expected left, middle or right.", side),
        };
        // −1 is vLLM's way of saying what the model's window leaves.
        bool isRest = fields.Whole(field, -1, int.MaxValue) == -1;
        if ((isRest ? int.MaxValue : fields.Whole(field, 1, int.MaxValue)) is not { } most) return null;
        if (fields.Find(ChatOptionKeys.TokenTruncation) is not null) throw ProtocolException.Bad($"'{field}' and '{ChatOptionKeys.TokenTruncation}' both say how the prompt is cut: send one of them.", field);
        return new TokenTruncation { MaximumTokens = (int)most, StartShare = share };
    }

    private static TokenTruncation? Truncation(JsonFields fields, OpenAIServerOptions limits)
    {
        if (fields.Object(ChatOptionKeys.TokenTruncation) is not { } given) return null;
        given.Only("maximum_tokens", "start_share", "protected_start", "protected_end", "marker");
        List<int> marker = [];
        foreach (JsonElement item in given.Array("marker") ?? default)
        {
            string name = $"{given.Name("marker")}[{marker.Count}]";
            if (marker.Count == limits.MaximumNamedTokens) throw ProtocolException.Bad($"'{given.Name("marker")}' has more than the {limits.MaximumNamedTokens} tokens that may be.", given.Name("marker"));
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int id) || id < 0) throw JsonFields.Wrong(name, "a token id", item);
            marker.Add(id);
        }

        return new TokenTruncation
        {
            MaximumTokens = Needed(given, "maximum_tokens", 1),
            StartShare = given.Double("start_share", 0, 1) ?? 0.5,
            ProtectedStart = Whole(given, "protected_start", 0) ?? 0,
            ProtectedEnd = Whole(given, "protected_end", 0) ?? 0,
            Marker = marker,
        };
    }

    private static TokenDropping? Dropping(JsonFields fields)
    {
        if (fields.Object(ChatOptionKeys.TokenDropping) is not { } given) return null;
        switch (given.String("type"))
        {
            case "attention_sinks":
                given.Only("type", "sinks", "window", "positions");
                return new AttentionSinks
                {
                    Sinks = Whole(given, "sinks", 0) ?? 4,
                    Window = Needed(given, "window", 1),
                    Positions = Choice(given, "positions", ("in_cache", SinkPositions.InCache), ("in_text", SinkPositions.InText)),
                };
            case "prompt_selection":
                given.Only("type", "maximum_tokens", "observed_tokens", "pool_size", "pooling");
                return new PromptSelection
                {
                    MaximumTokens = Needed(given, "maximum_tokens", 1),
                    ObservedTokens = Whole(given, "observed_tokens", 1) ?? 32,
                    PoolSize = Whole(given, "pool_size", 1) ?? 7,
                    Pooling = Choice(given, "pooling", ("maximum", VotePooling.Maximum), ("mean", VotePooling.Mean)),
                };
            default:
                throw ProtocolException.Bad($"'{given.Name("type")}' is missing or unknown, expected attention_sinks or prompt_selection.", given.Name("type"));
        }
    }

    private static PositionRemapping? Remapping(JsonFields fields)
    {
        if (fields.Object(ChatOptionKeys.PositionRemapping) is not { } given) return null;
        try
        {
            switch (given.String("type"))
            {
                case "self_extend":
                    given.Only("type", "group_size", "neighbor_window");
                    return new SelfExtend(Needed(given, "group_size", 1), Needed(given, "neighbor_window", 1));
                case "dual_chunk_attention":
                    given.Only("type", "chunk_size", "local_size");
                    return new DualChunkAttention(Needed(given, "chunk_size", 2), Needed(given, "local_size", 1));
                default:
                    throw ProtocolException.Bad($"'{given.Name("type")}' is missing or unknown, expected self_extend or dual_chunk_attention.", given.Name("type"));
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            throw ProtocolException.Bad($"'{given.Name("local_size")}' is out of range, expected 1 to half of 'chunk_size'.", given.Name("local_size"));
        }
    }

    private static JsonWhitespace? Whitespace(JsonFields fields) =>
        fields.Find(ChatOptionKeys.JsonWhitespace) is null ? null : Choice(fields, ChatOptionKeys.JsonWhitespace, ("limited", JsonWhitespace.Limited), ("none", JsonWhitespace.None));

    private static int Needed(JsonFields fields, string name, int least) =>
        Whole(fields, name, least) ?? throw ProtocolException.Bad($"'{fields.Name(name)}' is missing, expected a whole number.", fields.Name(name));

    private static int? Whole(JsonFields fields, string name, int least) => (int?)fields.Whole(name, least, int.MaxValue);

    private static T Choice<T>(JsonFields fields, string name, params (string Name, T Value)[] values)
    {
        if (fields.String(name) is not { } given) return values[0].Value;
        foreach ((string known, T value) in values)
        {
            if (known == given) return value;
        }

        throw ProtocolException.Bad($"'{fields.Name(name)}' is unknown, expected {string.Join(" or ", values.Select(value => value.Name))}.", fields.Name(name));
    }
}
