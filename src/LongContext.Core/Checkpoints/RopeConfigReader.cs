using System.Text.Json.Nodes;
using LongContext.Positions;

namespace LongContext.Checkpoints;

/// <summary>
/// Reads rotary positions from <c>rope_parameters</c> (transformers 5) or from <c>rope_theta</c> and <c>rope_scaling</c>
/// (transformers 4). Where transformers warns and goes on, this throws: wrong frequencies are silent.
/// </summary>
internal static class RopeConfigReader
{
    /// <summary>Types transformers has and this library does not yet; "su" is an older name of "longrope".</summary>
    private static readonly string[] NotYet = ["yarn", "llama3", "longrope", "su", "proportional"];

    private static readonly string[] KnownKeys =
    [
        RopeConfigKeys.RopeType, RopeConfigKeys.OlderRopeType, RopeConfigKeys.Theta, RopeConfigKeys.PartialRotaryFactor,
        RopeConfigKeys.Factor, RopeConfigKeys.OriginalMaxPositionEmbeddings,
    ];

    public static RopeConfig Read(ConfigFields config)
    {
        if (config.OptionalDouble(RopeConfigKeys.LocalTheta) is not null)
        {
            throw NotSupported(config, $"positions per layer type ('{RopeConfigKeys.LocalTheta}') are");
        }

        ConfigFields? parameters = config.OptionalObject(RopeConfigKeys.Parameters);
        ConfigFields? scaling = config.OptionalObject(RopeConfigKeys.Scaling);
        RopeScaling? inParameters = ReadScaling(parameters), inScaling = ReadScaling(scaling);
        if (inParameters is not null && inScaling is not null && inParameters != inScaling)
        {
            throw config.Fault(RopeConfigKeys.Scaling, $"says {inScaling}, but '{RopeConfigKeys.Parameters}' says {inParameters}");
        }

        return new RopeConfig
        {
            Scaling = inParameters ?? inScaling ?? RopeScaling.None,
            Theta = ReadOne(RopeConfigKeys.Theta, parameters, scaling, config) ?? RopeConfig.DefaultTheta,
            PartialRotaryFactor = ReadOne(RopeConfigKeys.PartialRotaryFactor, parameters, scaling, config) ?? 1,
            OriginalMaxPositionEmbeddings = parameters?.OptionalInt(RopeConfigKeys.OriginalMaxPositionEmbeddings)
                ?? scaling?.OptionalInt(RopeConfigKeys.OriginalMaxPositionEmbeddings),
        };
    }

    private static RopeScaling? ReadScaling(ConfigFields? fields)
    {
        if (fields is null) return null;
        if (fields.Json.Any(pair => pair.Value is JsonObject)) throw NotSupported(fields, "positions per layer type are");

        string type = ReadType(fields);
        if (NotYet.Contains(type)) throw NotSupported(fields, $"rope type '{type}' is");
        if (type is not ("default" or "linear" or "dynamic"))
        {
            throw fields.Fault(RopeConfigKeys.RopeType, $"is '{type}', expected default, linear or dynamic");
        }

        foreach ((string key, JsonNode? value) in fields.Json)
        {
            if (value is not null && (!KnownKeys.Contains(key) || (key == RopeConfigKeys.Factor && type == "default")))
            {
                throw fields.Fault(key, $"is {value.ToJsonString()}, but rope type '{type}' has no such field");
            }
        }

        return type switch
        {
            "linear" => RopeScaling.Linear(ReadFactor(fields)),
            "dynamic" => RopeScaling.DynamicNtk(ReadFactor(fields)),
            _ => RopeScaling.None,
        };
    }

    private static string ReadType(ConfigFields fields)
    {
        string? type = fields.OptionalString(RopeConfigKeys.RopeType), older = fields.OptionalString(RopeConfigKeys.OlderRopeType);
        if (type is not null && older is not null && type != older)
        {
            throw fields.Fault(RopeConfigKeys.RopeType, $"is '{type}', but '{RopeConfigKeys.OlderRopeType}' is '{older}'");
        }

        return type ?? older ?? "default";
    }

    private static double ReadFactor(ConfigFields fields)
    {
        double factor = fields.RequireDouble(RopeConfigKeys.Factor);
        return double.IsFinite(factor) && factor >= 1
            ? factor
            : throw fields.Fault(RopeConfigKeys.Factor, $"is {factor}, expected a finite number of at least 1");
    }

    /// <summary>A number that may stand in several places; where it does, it must be the same.</summary>
    private static double? ReadOne(string key, params ReadOnlySpan<ConfigFields?> places)
    {
        double? found = null;
        foreach (ConfigFields? place in places)
        {
            if (place?.OptionalDouble(key) is not { } value) continue;
            if (found is not null && found != value) throw place.Fault(key, $"is {value}, but elsewhere in the file it is {found}");
            found = value;
        }

        return found;
    }

    private static NotSupportedException NotSupported(ConfigFields fields, string what) =>
        new($"{fields.SourceName}: {what} not supported yet.");
}
