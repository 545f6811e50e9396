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
    /// <param name="window">The config's window, in tokens.</param>
    /// <param name="before">What the file said that <paramref name="json"/> comes from, and its window; null for a new config.</param>
    public static void Write(JsonObject json, RopeConfig rope, int window, (RopeConfig Rope, int Window)? before)
    {
        // Whatever the file's way of saying the same, it stays: all but an original window that follows from the window.
        if (before is { } was && rope.Equals(was.Rope) && (window == was.Window || !(CountsFromWindow(rope) || HasFactorOfWindows(json)))) return;

        RopeConfig? old = before?.Rope;
        if (!CanBeFlat(json, rope, old))
        {
            WriteByLayerType(json, rope, window, old);
            return;
        }

        bool hasParameters = before is null || json[RopeConfigKeys.Parameters] is not null;
        bool hasOlder = !hasParameters || json.ContainsKey(RopeConfigKeys.Theta) || json[RopeConfigKeys.Scaling] is not null;
        if (hasParameters)
        {
            JsonObject parameters = GetOrAdd(json, RopeConfigKeys.Parameters);
            RopeScalingWriter.Write(parameters, rope.Main, window, old?.Main, RopeConfigKeys.RopeType);
            WriteBase(parameters, rope.Main);
        }

        if (hasOlder) WriteOlder(json, rope, window, old?.Main);
        if (json.ContainsKey(RopeConfigKeys.PartialRotaryFactor) || (!hasParameters && rope.Main.PartialRotaryFactor != 1))
            ConfigValue.Set(json, RopeConfigKeys.PartialRotaryFactor, rope.Main.PartialRotaryFactor);
        WriteTopLevelOriginal(json, rope.Main, window);
    }

    private static bool CountsFromWindow(RopeConfig rope) =>
        rope.ByLayerType.Values.Append(rope.Main).Any(settings =>
            settings.OriginalMaxPositionEmbeddings is null && settings.Scaling is YarnRopeScaling or LongRopeScaling or Llama3RopeScaling);

    /// <summary>Whether the file has a factor of null, which means the ratio of the windows and so would change with them.</summary>
    private static bool HasFactorOfWindows(JsonObject json) =>
        new[] { json[RopeConfigKeys.Parameters], json[RopeConfigKeys.Scaling] }.OfType<JsonObject>()
            .SelectMany(place => place.Select(pair => pair.Value).OfType<JsonObject>().Append(place))
            .Any(place => place.TryGetPropertyValue(RopeConfigKeys.Factor, out JsonNode? factor) && factor is null);

    /// <summary>Whether one object, with Gemma 3's older field for its sliding layers, can say it all.</summary>
    private static bool CanBeFlat(JsonObject json, RopeConfig rope, RopeConfig? before)
    {
        if (rope.ByLayerType.Count == 0) return json[RopeConfigKeys.Parameters] is not JsonObject parameters || parameters.All(pair => pair.Value is not JsonObject);
        if (json[RopeConfigKeys.Parameters] is not null || before is null) return false;
        return rope.ByLayerType is { Count: 1 } && rope.ByLayerType.TryGetValue(RopeConfig.SlidingLayerType, out RopeSettings? sliding)
            && sliding == new RopeSettings { Theta = sliding.Theta };
    }

    private static void WriteByLayerType(JsonObject json, RopeConfig rope, int window, RopeConfig? before)
    {
        JsonObject parameters = GetOrAdd(json, RopeConfigKeys.Parameters);
        foreach (string key in parameters.Where(pair => pair.Value is not JsonObject).Select(pair => pair.Key).ToArray()) parameters.Remove(key);
        foreach (string key in parameters.Select(pair => pair.Key).Where(key => key != RopeConfig.MainLayerType && !rope.ByLayerType.ContainsKey(key)).ToArray())
            parameters.Remove(key);
        Write(RopeConfig.MainLayerType, rope.Main, before?.Main);
        foreach ((string layerType, RopeSettings settings) in rope.ByLayerType)
            Write(layerType, settings, before?.ByLayerType.GetValueOrDefault(layerType));
        foreach (string key in new[] { RopeConfigKeys.Theta, RopeConfigKeys.Scaling, RopeConfigKeys.LocalTheta, RopeConfigKeys.PartialRotaryFactor }) json.Remove(key);

        void Write(string layerType, RopeSettings settings, RopeSettings? old)
        {
            JsonObject target = GetOrAdd(parameters, layerType);
            if (target.Count > 0 && settings == old && !HasFactorOfWindows(json)) return;
            RopeScalingWriter.Write(target, settings, window, old, RopeConfigKeys.RopeType);
            WriteBase(target, settings);
        }
    }

    private static void WriteBase(JsonObject target, RopeSettings settings)
    {
        ConfigValue.Set(target, RopeConfigKeys.Theta, settings.Theta);
        if (target.ContainsKey(RopeConfigKeys.PartialRotaryFactor) || settings.PartialRotaryFactor != 1)
            ConfigValue.Set(target, RopeConfigKeys.PartialRotaryFactor, settings.PartialRotaryFactor);
    }

    private static void WriteOlder(JsonObject json, RopeConfig rope, int window, RopeSettings? before)
    {
        RopeSettings main = rope.Main;
        if (json.ContainsKey(RopeConfigKeys.Theta) || json[RopeConfigKeys.Parameters] is null) ConfigValue.Set(json, RopeConfigKeys.Theta, main.Theta);
        if (rope.ByLayerType.Count == 0) json.Remove(RopeConfigKeys.LocalTheta);
        if (rope.ByLayerType.TryGetValue(RopeConfig.SlidingLayerType, out RopeSettings? sliding)) ConfigValue.Set(json, RopeConfigKeys.LocalTheta, sliding.Theta);
        if (main.Scaling is NoRopeScaling)
        {
            if (json.ContainsKey(RopeConfigKeys.Scaling)) json[RopeConfigKeys.Scaling] = null;
            return;
        }

        // transformers 4.31 to 4.42 know only "type", and the first of them ask for exactly two keys; what came later has "rope_type".
        bool early = main.Scaling is LinearRopeScaling or DynamicNtkRopeScaling;
        JsonObject scaling = GetOrAdd(json, RopeConfigKeys.Scaling);
        RopeScalingWriter.Write(scaling, main, window, before, early ? RopeConfigKeys.OlderRopeType : RopeConfigKeys.RopeType);
        foreach ((string key, double value) in new[]
            { (RopeConfigKeys.Theta, main.Theta), (RopeConfigKeys.PartialRotaryFactor, main.PartialRotaryFactor) })
        {
            if (scaling.ContainsKey(key)) ConfigValue.Set(scaling, key, value);
        }
    }

    /// <summary>A file that has it at top level, where it wins, must not contradict what was written inside.</summary>
    private static void WriteTopLevelOriginal(JsonObject json, RopeSettings main, int window)
    {
        if (main.Scaling is not (YarnRopeScaling or LongRopeScaling or Llama3RopeScaling)) return;
        int original = main.OriginalMaxPositionEmbeddings ?? window;

        // Phi-3 has a default there that would win over what stands inside.
        bool needed = RopeConfig.DefaultOriginalWindow((string?)json["model_type"] ?? "") is { } byDefault && byDefault != original;
        if (needed || json.ContainsKey(RopeConfigKeys.OriginalMaxPositionEmbeddings))
            ConfigValue.Set(json, RopeConfigKeys.OriginalMaxPositionEmbeddings, original);
    }

    private static JsonObject GetOrAdd(JsonObject json, string key)
    {
        if (json[key] is JsonObject found) return found;
        JsonObject added = [];
        json[key] = added;
        return added;
    }
}
