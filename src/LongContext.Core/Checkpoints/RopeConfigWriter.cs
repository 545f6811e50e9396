using System.Text.Json.Nodes;
using LongContext.Positions;

namespace LongContext.Checkpoints;

/// <summary>
/// Writes rotary positions into a config in the form the config already has, so that the transformers that wrote it can read
/// it. A new config gets <c>rope_parameters</c>; one from a file without that key gets <c>rope_theta</c> and
/// <c>rope_scaling</c>, which transformers 4 and 5 both read.
/// </summary>
internal static class RopeConfigWriter
{
    /// <param name="json">The config to change.</param>
    /// <param name="rope">What it shall say.</param>
    /// <param name="before">What the file said that <paramref name="json"/> comes from; null for a new config.</param>
    public static void Write(JsonObject json, RopeConfig rope, RopeConfig? before)
    {
        // Whatever the file's way of saying the same, it stays.
        if (rope == before) return;

        bool hasParameters = before is null || json[RopeConfigKeys.Parameters] is not null;
        bool hasOlder = !hasParameters || json.ContainsKey(RopeConfigKeys.Theta) || json[RopeConfigKeys.Scaling] is not null;
        bool sameType = before?.Scaling.RopeType == rope.Scaling.RopeType;
        if (hasParameters) WriteParameters(json, rope, sameType);
        if (hasOlder) WriteOlder(json, rope, sameType);
        if (json.ContainsKey(RopeConfigKeys.PartialRotaryFactor) || (!hasParameters && rope.PartialRotaryFactor != 1))
        {
            ConfigValue.Set(json, RopeConfigKeys.PartialRotaryFactor, rope.PartialRotaryFactor);
        }
    }

    private static void WriteParameters(JsonObject json, RopeConfig rope, bool sameType)
    {
        JsonObject parameters = GetOrAdd(json, RopeConfigKeys.Parameters);
        WriteScaling(parameters, rope, sameType, typeKey: RopeConfigKeys.RopeType);
        ConfigValue.Set(parameters, RopeConfigKeys.Theta, rope.Theta);
        if (parameters.ContainsKey(RopeConfigKeys.PartialRotaryFactor) || rope.PartialRotaryFactor != 1)
        {
            ConfigValue.Set(parameters, RopeConfigKeys.PartialRotaryFactor, rope.PartialRotaryFactor);
        }
    }

    private static void WriteOlder(JsonObject json, RopeConfig rope, bool sameType)
    {
        if (json.ContainsKey(RopeConfigKeys.Theta) || json[RopeConfigKeys.Parameters] is null)
        {
            ConfigValue.Set(json, RopeConfigKeys.Theta, rope.Theta);
        }

        if (rope.Scaling is NoRopeScaling)
        {
            if (json.ContainsKey(RopeConfigKeys.Scaling)) json[RopeConfigKeys.Scaling] = null;
            return;
        }

        // transformers 4.31 to 4.42 know only "type", and the first of them ask for exactly two keys.
        JsonObject scaling = GetOrAdd(json, RopeConfigKeys.Scaling);
        WriteScaling(scaling, rope, sameType, typeKey: RopeConfigKeys.OlderRopeType);
        foreach ((string key, double value) in new[]
            { (RopeConfigKeys.Theta, rope.Theta), (RopeConfigKeys.PartialRotaryFactor, rope.PartialRotaryFactor) })
        {
            if (scaling.ContainsKey(key)) ConfigValue.Set(scaling, key, value);
        }
    }

    private static void WriteScaling(JsonObject target, RopeConfig rope, bool sameType, string typeKey)
    {
        bool hasEither = target.ContainsKey(RopeConfigKeys.RopeType) || target.ContainsKey(RopeConfigKeys.OlderRopeType);
        foreach (string key in new[] { RopeConfigKeys.RopeType, RopeConfigKeys.OlderRopeType })
        {
            if (target.ContainsKey(key) || (!hasEither && key == typeKey)) target[key] = rope.Scaling.RopeType;
        }

        double? factor = rope.Scaling switch
        {
            LinearRopeScaling linear => linear.Factor,
            DynamicNtkRopeScaling dynamic => dynamic.Factor,
            _ => null,
        };
        if (factor is { } value) ConfigValue.Set(target, RopeConfigKeys.Factor, value);
        else target.Remove(RopeConfigKeys.Factor);

        // None of the types needs the original window; a file that gave it keeps it as long as it means the same.
        if (target.ContainsKey(RopeConfigKeys.OriginalMaxPositionEmbeddings))
        {
            if (sameType && rope.OriginalMaxPositionEmbeddings is { } window)
            {
                ConfigValue.Set(target, RopeConfigKeys.OriginalMaxPositionEmbeddings, window);
            }
            else
            {
                target.Remove(RopeConfigKeys.OriginalMaxPositionEmbeddings);
            }
        }
    }

    private static JsonObject GetOrAdd(JsonObject json, string key)
    {
        if (json[key] is JsonObject found) return found;
        JsonObject added = [];
        json[key] = added;
        return added;
    }
}
