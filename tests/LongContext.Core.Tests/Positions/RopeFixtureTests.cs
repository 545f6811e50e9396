using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Positions;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Positions;

/// <summary>Frequencies, attention factor, cos and sin of every entry of the fixtures' files, as transformers computed them.</summary>
public class RopeFixtureTests
{
    private static string FixtureFolder => Path.Combine(TestPaths.Fixtures, "hf", "rope");

    public static IEnumerable<TheoryDataRow<string>> Entries()
    {
        if (!Directory.Exists(FixtureFolder))
        {
            yield return new TheoryDataRow<string>("none") { Skip = $"no case: {FixtureFolder} is not there" };
            yield break;
        }

        foreach (JsonNode? entry in ReadEntries()) yield return new TheoryDataRow<string>((string)entry!["name"]!);
    }

    [Theory]
    [Trait(FixtureTraits.Name, FixtureTraits.Rope)]
    [MemberData(nameof(Entries))]
    public void ComputeFrequencies_EntryOfRopeJson_AgreesWithTransformers(string name)
    {
        JsonNode entry = ReadEntries().Single(e => (string)e!["name"]! == name)!;
        ModelConfig config = ModelConfig.Parse(Complete(entry).ToJsonString(), name);
        // Entries of configs with settings for each layer type name the one they are of.
        string layerType = (string?)entry["layer_type"] ?? "full_attention";
        JsonArray cases = entry["cases"]!.AsArray();
        Assert.NotEmpty(cases);
        foreach (JsonNode? expected in cases)
        {
            RopeFrequencies frequencies = config.RopeOf(layerType).Scaling.ComputeFrequencies(config.RopeParametersOf(layerType), (int)expected!["seq_len"]!);
            CheckFrequencies(expected, frequencies);
            CheckTables(expected, frequencies);
        }
    }

    private static void CheckFrequencies(JsonNode expected, RopeFrequencies frequencies)
    {
        double[] inverse = Numbers(expected["inv_freq"]!);
        Assert.Equal(inverse.Length, frequencies.InverseFrequencies.Length);
        for (int i = 0; i < inverse.Length; i++)
        {
            // p-RoPE's slow pairs stand still, exactly.
            if (inverse[i] == 0) Assert.Equal(0, frequencies.InverseFrequencies[i]);
            else Assert.InRange(frequencies.InverseFrequencies[i] / inverse[i], 1 - 1e-6, 1 + 1e-6);
        }

        double factor = (double)expected["attention_scaling"]!;
        Assert.InRange(frequencies.AttentionFactor / factor, 1 - 1e-6, 1 + 1e-6);
    }

    private static void CheckTables(JsonNode expected, RopeFrequencies frequencies)
    {
        int[] positions = [.. expected["rows"]!.AsArray().Select(row => (int)row!)];
        int pairs = frequencies.InverseFrequencies.Length;
        float[] cos = new float[positions.Length * pairs], sin = new float[positions.Length * pairs];
        RotaryTable.Fill(frequencies, positions, cos, sin);
        double[] inverse = Numbers(expected["inv_freq"]!);
        for (int row = 0; row < positions.Length; row++)
        {
            double[] expectedCos = Numbers(expected["cos"]![row]!), expectedSin = Numbers(expected["sin"]![row]!);
            Assert.Equal(2 * pairs, expectedCos.Length);
            for (int column = 0; column < 2 * pairs; column++)
            {
                int pair = column % pairs, element = (row * pairs) + pair;
                double tolerance = Tolerance(positions[row], frequencies.InverseFrequencies[pair], inverse[pair]) * Math.Max(1, frequencies.AttentionFactor);
                Assert.InRange(cos[element] - expectedCos[column], -tolerance, tolerance);
                Assert.InRange(sin[element] - expectedSin[column], -tolerance, tolerance);
            }
        }
    }

    /// <summary>
    /// 1e-5 below 1,000, else 1e-3, and the error of the fixture's own angle. That is a product of floats, which at some hundred radians
    /// is off by more than 1e-5 itself and at 65,535 by up to 2e-3 (half a unit in the last place); it is not guessed but computed from the
    /// fixture's own frequency, as neither cos nor sin changes by more than the angle. (The frequencies are held to 1e-6 apart from this.)
    /// </summary>
    private static double Tolerance(int position, double frequency, double fixtureFrequency)
    {
        float fixtureAngle = (float)fixtureFrequency * position;
        return (position < 1_000 ? 1e-5 : 1e-3) + Math.Abs((position * frequency) - fixtureAngle);
    }

    /// <summary>The fixture gives what rotary positions need; the other fields of a config are made up.</summary>
    private static JsonObject Complete(JsonNode entry)
    {
        JsonObject config = entry["config"]!.DeepClone().AsObject();
        config["model_type"] = entry["model_type"]!.DeepClone();
        config["vocab_size"] = 1;
        config["intermediate_size"] = 1;
        config["num_hidden_layers"] = 1;
        config["rms_norm_eps"] = 1e-6;
        if (!config.ContainsKey("num_key_value_heads")) config["num_key_value_heads"] = config["num_attention_heads"]?.DeepClone();
        return config;
    }

    private static double[] Numbers(JsonNode node) => [.. node.AsArray().Select(value => (double)value!)];

    private static IEnumerable<JsonNode?> ReadEntries() =>
        Directory.GetFiles(FixtureFolder, "*.json").Order(StringComparer.Ordinal).SelectMany(file => JsonNode.Parse(File.ReadAllText(file))!.AsArray());
}
