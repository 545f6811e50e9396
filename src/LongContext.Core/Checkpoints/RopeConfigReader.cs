using System.Text.Json.Nodes;
using LongContext.Positions;

namespace LongContext.Checkpoints;

/// <summary>
/// Reads rotary positions from <c>rope_parameters</c> (transformers 5), flat or for each layer type, or from <c>rope_theta</c> and
/// <c>rope_scaling</c> (transformers 4), with <c>rope_local_base_freq</c> for Gemma 3's sliding layers.
/// </summary>
internal static class RopeConfigReader
{
    public static RopeConfig Read(ConfigFields config, string modelType)
    {
        ConfigFields? parameters = NullIfEmpty(config.OptionalObject(RopeConfigKeys.Parameters));
        if (parameters is not null && parameters.Json.Any(pair => pair.Value is JsonObject)) return ReadByLayerType(config, parameters, modelType);

        ConfigFields? scaling = NullIfEmpty(config.OptionalObject(RopeConfigKeys.Scaling));
        if (scaling is not null && scaling.Json.Any(pair => pair.Value is JsonObject))
            throw config.Fault(RopeConfigKeys.Scaling, $"holds objects; settings for each layer type are read from '{RopeConfigKeys.Parameters}'");
        if (parameters is not null && RopeConfig.DefaultByLayerType(modelType).Count > 0)
        {
            // transformers reads objects for each layer type here, and a flat one without a word as no scaling at all.
            throw config.Fault(RopeConfigKeys.Parameters, $"has no object for '{RopeConfig.MainLayerType}'; models of type '{modelType}' have one for each layer type");
        }

        RopeSettings main = ReadSettings([parameters, scaling], config, modelType, RopeConfig.MainLayerType);
        return new RopeConfig { Main = main, ByLayerType = ReadLocal(config) ?? RopeConfig.DefaultByLayerType(modelType) };
    }

    private static RopeConfig ReadByLayerType(ConfigFields config, ConfigFields parameters, string modelType)
    {
        var byType = new Dictionary<string, RopeSettings>(StringComparer.Ordinal);
        foreach ((string layerType, JsonNode? value) in parameters.Json)
        {
            if (value is null) continue;
            ConfigFields fields = parameters.OptionalObject(layerType)!;
            byType[layerType] = ReadSettings([fields], config, modelType, layerType);
        }

        bool hasDefaults = RopeConfig.DefaultByLayerType(modelType).Count > 0;
        foreach ((string layerType, RopeSettings settings) in RopeConfig.DefaultByLayerType(modelType)) byType.TryAdd(layerType, settings);
        if (!byType.Remove(RopeConfig.MainLayerType, out RopeSettings? main))
        {
            main = hasDefaults
                ? new RopeSettings { Theta = RopeConfig.DefaultTheta(modelType) }
                : throw parameters.Fault(RopeConfig.MainLayerType, "is missing, though there are settings for other layer types");
        }

        return new RopeConfig { Main = main, ByLayerType = byType };
    }

    private static Dictionary<string, RopeSettings>? ReadLocal(ConfigFields config) =>
        config.OptionalDouble(RopeConfigKeys.LocalTheta) is { } theta
            ? new Dictionary<string, RopeSettings> { [RopeConfig.SlidingLayerType] = new() { Theta = theta } }
            : null;

    /// <summary>Settings that may stand in several places; where they do, they must agree.</summary>
    private static RopeSettings ReadSettings(ReadOnlySpan<ConfigFields?> places, ConfigFields config, string modelType, string layerType)
    {
        bool flat = layerType == RopeConfig.MainLayerType && places.Length > 1;
        int? inside = null;
        foreach (ConfigFields? place in places) inside ??= place?.OptionalInt(RopeConfigKeys.OriginalMaxPositionEmbeddings);

        // In a flat file the top level wins, as in transformers.
        int? topLevel = flat ? config.OptionalInt(RopeConfigKeys.OriginalMaxPositionEmbeddings) ?? RopeConfig.DefaultOriginalWindow(modelType) : null;
        int window = config.RequireInt("max_position_embeddings"), original = topLevel ?? inside ?? window;
        RopeScaling? scaling = null;
        double? theta = null, partial = null;
        foreach (ConfigFields? place in (ReadOnlySpan<ConfigFields?>)[.. places, config])
        {
            if (place is null || (place == config && !flat)) continue;
            theta = Same(place, RopeConfigKeys.Theta, theta);
            partial = Same(place, RopeConfigKeys.PartialRotaryFactor, partial);
            if (place == config) continue;
            RopeScaling found = RopeScalingReader.Read(place, (double)window / Math.Max(1, original), modelType);
            if (scaling is not null && scaling != found) throw config.Fault(RopeConfigKeys.Scaling, $"says {found}, but '{RopeConfigKeys.Parameters}' says {scaling}");
            scaling = found;
        }

        bool counts = scaling is YarnRopeScaling or LongRopeScaling or Llama3RopeScaling;
        return new RopeSettings
        {
            Theta = theta ?? RopeConfig.DefaultTheta(modelType, layerType),
            Scaling = scaling ?? RopeScaling.None,
            PartialRotaryFactor = partial ?? 1,
            OriginalMaxPositionEmbeddings = counts ? topLevel ?? inside : inside,
        };
    }

    private static double? Same(ConfigFields place, string key, double? found)
    {
        if (place.OptionalDouble(key) is not { } value) return found;
        return found is null || found == value ? value : throw place.Fault(key, $"is {value}, but elsewhere in the file it is {found}");
    }

    /// <summary>An empty object says nothing, as in transformers.</summary>
    private static ConfigFields? NullIfEmpty(ConfigFields? fields) => fields is { Json.Count: > 0 } ? fields : null;
}
