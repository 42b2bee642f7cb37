import { contract } from './contract.fixture.ts';
import { efficientnetB0, efficientnetLite0 } from './efficientnet.ts';

// Tan & Le 2019, Table 2: 0.39 · 10⁹.
contract(efficientnetB0, { multiplyAdds: 0.39e9, within: 0.015 });
// The publisher's table says 407 · 10⁶, more than its own definition of the network has in convolutions.
contract(efficientnetLite0, { multiplyAdds: 407e6, within: 0.06 });
