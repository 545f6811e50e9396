using System.Text.Json.Nodes;
using LongContext.Positions;

namespace LongContext.Checkpoints;

/// <summary>Writes a scaling into one object of rotary parameters.</summary>
internal static class RopeScalingWriter
{
    /// <summary>Keys of all types; those that the type written does not have are removed.</summary>
    private static readonly string[] TypeKeys =
    [
        RopeConfigKeys.Factor, RopeConfigKeys.Alpha, RopeConfigKeys.AttentionFactor, RopeConfigKeys.BetaFast, RopeConfigKeys.BetaSlow,
        RopeConfigKeys.MScale, RopeConfigKeys.MScaleAllDimensions, RopeConfigKeys.Truncate, RopeConfigKeys.FineTuned, RopeConfigKeys.ShortFactor,
        RopeConfigKeys.LongFactor, RopeConfigKeys.LowFrequencyFactor, RopeConfigKeys.HighFrequencyFactor,
    ];

    /// <param name="target">The object.</param>
    /// <param name="settings">What it shall say; base and partial factor are the caller's.</param>
    /// <param name="window">The config's window, in tokens.</param>
    /// <param name="before">What it said before; null when it is new.</param>
    /// <param name="typeKey">The key for the type where the object has none.</param>
    public static void Write(JsonObject target, RopeSettings settings, int window, RopeSettings? before, string typeKey)
    {
        RopeScaling scaling = settings.Scaling;
        bool sameType = before?.Scaling.GetType() == scaling.GetType();
        bool hasEither = target.ContainsKey(RopeConfigKeys.RopeType) || target.ContainsKey(RopeConfigKeys.OlderRopeType);
        foreach (string key in new[] { RopeConfigKeys.RopeType, RopeConfigKeys.OlderRopeType })
        {
            if ((target.ContainsKey(key) && !sameType) || (!hasEither && key == typeKey)) target[key] = scaling.RopeType;
        }

        Dictionary<string, object> fields = Fields(scaling);
        foreach (string key in TypeKeys.Where(key => !fields.ContainsKey(key) && !(sameType && IsInert(scaling, key)))) target.Remove(key);
        foreach ((string key, object value) in fields) Set(target, key, value);

        if (scaling is YarnRopeScaling or LongRopeScaling or Llama3RopeScaling)
        {
            ConfigValue.Set(target, RopeConfigKeys.OriginalMaxPositionEmbeddings, settings.OriginalMaxPositionEmbeddings ?? window);
        }
        else if (ContradictsFactor(scaling, settings.OriginalMaxPositionEmbeddings, window))
        {
            // Otherwise window over factor would be taken for the trained window.
            ConfigValue.Set(target, RopeConfigKeys.OriginalMaxPositionEmbeddings, settings.OriginalMaxPositionEmbeddings!.Value);
        }
        else if (target.ContainsKey(RopeConfigKeys.OriginalMaxPositionEmbeddings))
        {
            // The other types do not need it; a file that gave it keeps it as long as it means the same.
            if (sameType && settings.OriginalMaxPositionEmbeddings is { } original) ConfigValue.Set(target, RopeConfigKeys.OriginalMaxPositionEmbeddings, original);
            else target.Remove(RopeConfigKeys.OriginalMaxPositionEmbeddings);
        }
    }

    private static bool ContradictsFactor(RopeScaling scaling, int? original, int window)
    {
        double factor = scaling switch
        {
            LinearRopeScaling linear => linear.Factor,
            ProportionalRopeScaling proportional => proportional.Factor,
            _ => 1,
        };
        return original is { } trained && factor > 1 && trained != window && trained != (int)Math.Round(window / factor);
    }

    private static bool IsInert(RopeScaling scaling, string key) =>
        key == RopeConfigKeys.FineTuned || (scaling is DynamicNtkAlphaRopeScaling && RopeScalingReader.InertBesideAlpha.Contains(key));

    /// <summary>What a type has to say, leaving out what is as by default.</summary>
    private static Dictionary<string, object> Fields(RopeScaling scaling)
    {
        Dictionary<string, object> fields = [];
        switch (scaling)
        {
            case LinearRopeScaling linear: fields[RopeConfigKeys.Factor] = linear.Factor; break;
            case DynamicNtkRopeScaling dynamic: fields[RopeConfigKeys.Factor] = dynamic.Factor; break;
            case DynamicNtkAlphaRopeScaling alpha:
                fields[RopeConfigKeys.Alpha] = alpha.Alpha;
                fields[RopeConfigKeys.Factor] = 1.0; // without effect beside alpha, but transformers asks for it
                break;
            case ProportionalRopeScaling proportional when proportional.Factor != 1: fields[RopeConfigKeys.Factor] = proportional.Factor; break;
            case Llama3RopeScaling llama:
                fields[RopeConfigKeys.Factor] = llama.Factor;
                fields[RopeConfigKeys.LowFrequencyFactor] = llama.LowFrequencyFactor;
                fields[RopeConfigKeys.HighFrequencyFactor] = llama.HighFrequencyFactor;
                break;
            case YarnRopeScaling yarn:
                fields[RopeConfigKeys.Factor] = yarn.Factor;
                Add(RopeConfigKeys.AttentionFactor, yarn.AttentionFactor);
                if (yarn.BetaFast != 32) fields[RopeConfigKeys.BetaFast] = yarn.BetaFast;
                if (yarn.BetaSlow != 1) fields[RopeConfigKeys.BetaSlow] = yarn.BetaSlow;
                Add(RopeConfigKeys.MScale, yarn.MScale);
                Add(RopeConfigKeys.MScaleAllDimensions, yarn.MScaleAllDimensions);
                if (!yarn.Truncate) fields[RopeConfigKeys.Truncate] = false;
                break;
            case LongRopeScaling longRope:
                fields[RopeConfigKeys.ShortFactor] = longRope.ShortFactors;
                fields[RopeConfigKeys.LongFactor] = longRope.LongFactors;
                Add(RopeConfigKeys.Factor, longRope.Factor);
                Add(RopeConfigKeys.AttentionFactor, longRope.AttentionFactor);
                break;
        }

        return fields;

        void Add(string key, double? value)
        {
            if (value is { } given) fields[key] = given;
        }
    }

    private static void Set(JsonObject target, string key, object value)
    {
        switch (value)
        {
            case double number: ConfigValue.Set(target, key, number); break;
            case bool flag: target[key] = flag; break;
            case IReadOnlyList<double> numbers:
                // A list that says the same keeps its own spelling.
                if (target[key] is JsonArray old && old.Count == numbers.Count && old.Select(item => item!.GetValue<double>()).SequenceEqual(numbers)) break;
                target[key] = new JsonArray([.. numbers.Select(ConfigValue.Float)]);
                break;
        }
    }
}
