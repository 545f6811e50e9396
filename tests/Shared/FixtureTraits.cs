namespace LongContext.TestSupport;

/// <summary>Trait name and values of the tests that discover their cases in the fixture folder.</summary>
internal static class FixtureTraits
{
    public const string Name = "Fixture";
    public const string Models = "Models";
    public const string Rope = "Rope";
    public const string Training = "Training";
    public const string Lora = "Lora";
    public const string Tokenizers = "Tokenizers";
    public const string Metrics = "Metrics";
}
