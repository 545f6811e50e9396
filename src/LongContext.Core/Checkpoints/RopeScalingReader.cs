using System.Text.Json.Nodes;
using LongContext.Positions;

namespace LongContext.Checkpoints;

/// <summary>Reads one object of rotary parameters into a scaling. Where transformers warns and goes on, this throws: wrong frequencies are silent.</summary>
internal static class RopeScalingReader
{
    private static readonly string[] CommonKeys =
        [RopeConfigKeys.RopeType, RopeConfigKeys.OlderRopeType, RopeConfigKeys.Theta, RopeConfigKeys.PartialRotaryFactor, RopeConfigKeys.OriginalMaxPositionEmbeddings];

    private static readonly Dictionary<string, string[]> KeysByType = new(StringComparer.Ordinal)
    {
        ["default"] = [],
        ["linear"] = [RopeConfigKeys.Factor],
        ["dynamic"] = [RopeConfigKeys.Factor, RopeConfigKeys.Alpha],
        ["yarn"] =
        [
            RopeConfigKeys.Factor, RopeConfigKeys.AttentionFactor, RopeConfigKeys.BetaFast, RopeConfigKeys.BetaSlow, RopeConfigKeys.MScale,
            RopeConfigKeys.MScaleAllDimensions, RopeConfigKeys.Truncate, RopeConfigKeys.FineTuned,
        ],
        ["longrope"] = [RopeConfigKeys.ShortFactor, RopeConfigKeys.LongFactor, RopeConfigKeys.Factor, RopeConfigKeys.AttentionFactor],
        ["llama3"] = [RopeConfigKeys.Factor, RopeConfigKeys.LowFrequencyFactor, RopeConfigKeys.HighFrequencyFactor],
        ["proportional"] = [RopeConfigKeys.Factor],
    };

    /// <summary>Keys that files with "alpha" carry along, of no effect.</summary>
    public static IReadOnlyList<string> InertBesideAlpha { get; } =
        [RopeConfigKeys.BetaFast, RopeConfigKeys.BetaSlow, RopeConfigKeys.MScale, RopeConfigKeys.MScaleAllDimensions];

    /// <param name="fields">The object.</param>
    /// <param name="windowRatio">The config's window over the original one, for a factor that is null.</param>
    /// <param name="modelType">The family, whose older files may call things by other names.</param>
    public static RopeScaling Read(ConfigFields fields, double windowRatio, string modelType)
    {
        string type = ReadType(fields);

        // Early Phi-3 files call LongRoPE "yarn"; their factors tell.
        if (modelType == "phi3" && type == "yarn" && fields.Json[RopeConfigKeys.ShortFactor] is not null) type = "longrope";
        if (fields.Json[RopeConfigKeys.MultimodalSection] is not null)
            throw new NotSupportedException($"{fields.SourceName}: '{RopeConfigKeys.MultimodalSection}' asks for multimodal rotary positions, which are not supported.");
        if (!KeysByType.TryGetValue(type, out string[]? known))
            throw fields.Fault(RopeConfigKeys.RopeType, $"is '{type}', expected one of {string.Join(", ", KeysByType.Keys)}");
        foreach ((string key, JsonNode? value) in fields.Json)
        {
            // Hunyuan's configs have YaRN's keys beside alpha, where they do nothing.
            bool inert = type == "dynamic" && fields.Json[RopeConfigKeys.Alpha] is not null && InertBesideAlpha.Contains(key);
            if (value is not null && !inert && !CommonKeys.Contains(key) && !known.Contains(key))
                throw fields.Fault(key, $"is {Shortened(value)}, but rope type '{type}' has no such field");
        }

        try
        {
            return Make(type, fields, windowRatio);
        }
        catch (ArgumentException fault)
        {
            // The records check themselves; their messages name the number.
            throw new CheckpointFormatException($"{fields.SourceName}: rope type '{type}': {fault.Message}", fault);
        }
    }

    private static RopeScaling Make(string type, ConfigFields fields, double windowRatio) => type switch
    {
        "linear" => RopeScaling.Linear(ReadFactor(fields)),
        "dynamic" => ReadDynamic(fields),
        "yarn" => ReadYarn(fields, windowRatio),
        "longrope" => new LongRopeScaling(RequireNumbers(fields, RopeConfigKeys.ShortFactor), RequireNumbers(fields, RopeConfigKeys.LongFactor))
        {
            Factor = fields.Json[RopeConfigKeys.Factor] is null ? null : ReadFactor(fields),
            AttentionFactor = Positive(fields, RopeConfigKeys.AttentionFactor),
        },
        "llama3" => new Llama3RopeScaling(
            ReadFactor(fields), fields.RequireDouble(RopeConfigKeys.LowFrequencyFactor), fields.RequireDouble(RopeConfigKeys.HighFrequencyFactor)),
        "proportional" => RopeScaling.Proportional(fields.Json[RopeConfigKeys.Factor] is null ? 1 : ReadFactor(fields)),
        _ => RopeScaling.None,
    };

    private static RopeScaling ReadDynamic(ConfigFields fields)
    {
        if (fields.OptionalDouble(RopeConfigKeys.Alpha) is not { } alpha) return RopeScaling.DynamicNtk(ReadFactor(fields));
        if (fields.OptionalDouble(RopeConfigKeys.Factor) is { } factor and not 1)
            throw fields.Fault(RopeConfigKeys.Factor, $"is {factor} beside '{RopeConfigKeys.Alpha}', expected 1 or nothing");
        return alpha >= 1 && double.IsFinite(alpha)
            ? new DynamicNtkAlphaRopeScaling(alpha)
            : throw fields.Fault(RopeConfigKeys.Alpha, $"is {alpha}, expected a finite number of at least 1");
    }

    private static YarnRopeScaling ReadYarn(ConfigFields fields, double windowRatio)
    {
        // "factor": null asks for the ratio of the windows; a missing one is an error in transformers too.
        bool fromWindows = fields.Json.ContainsKey(RopeConfigKeys.Factor) && fields.Json[RopeConfigKeys.Factor] is null;
        return new YarnRopeScaling(fromWindows ? windowRatio : ReadFactor(fields))
        {
            AttentionFactor = Positive(fields, RopeConfigKeys.AttentionFactor),
            BetaFast = Positive(fields, RopeConfigKeys.BetaFast) ?? 32,
            BetaSlow = Positive(fields, RopeConfigKeys.BetaSlow) ?? 1,
            MScale = fields.OptionalDouble(RopeConfigKeys.MScale),
            MScaleAllDimensions = fields.OptionalDouble(RopeConfigKeys.MScaleAllDimensions),
            Truncate = fields.OptionalBool(RopeConfigKeys.Truncate) ?? true,
        };
    }

    private static string ReadType(ConfigFields fields)
    {
        string? type = Modern(fields.OptionalString(RopeConfigKeys.RopeType)), older = Modern(fields.OptionalString(RopeConfigKeys.OlderRopeType));
        if (type is not null && older is not null && type != older)
            throw fields.Fault(RopeConfigKeys.RopeType, $"is '{type}', but '{RopeConfigKeys.OlderRopeType}' is '{older}'");
        return type ?? older ?? "default";

        // What the first Phi-3 configs called it.
        static string? Modern(string? name) => name == "su" ? "longrope" : name;
    }

    private static double ReadFactor(ConfigFields fields)
    {
        double factor = fields.RequireDouble(RopeConfigKeys.Factor);
        return double.IsFinite(factor) && factor >= 1
            ? factor
            : throw fields.Fault(RopeConfigKeys.Factor, $"is {factor}, expected a finite number of at least 1");
    }

    private static double? Positive(ConfigFields fields, string key)
    {
        double? value = fields.OptionalDouble(key);
        return value is null || (double.IsFinite(value.Value) && value > 0)
            ? value
            : throw fields.Fault(key, $"is {value}, expected a finite number above 0");
    }

    private static IReadOnlyList<double> RequireNumbers(ConfigFields fields, string key) =>
        fields.OptionalDoubles(key) ?? throw fields.Fault(key, "is missing");

    private static string Shortened(JsonNode value) => value.ToJsonString() is { Length: > 60 } text ? text[..60] + "…" : value.ToJsonString();
}
