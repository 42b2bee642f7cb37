import { contract } from './contract.fixture.ts';
import { inceptionV2 } from './inception-v2.ts';

// google-research/receptive_field, table of TF-Slim's networks: 3.883 · 10⁹ operations to Mixed_5c, two a multiply-add.
contract(inceptionV2, { multiplyAdds: 3.883e9 / 2, within: 0.005 });
